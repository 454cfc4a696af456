"""What follows from what."""

from dataclasses import replace

import pytest

from incidents.engine.causes import CAUSES, CauseKind
from incidents.engine.symptoms import Symptom, roots_of


def symptom(kind, *, device=None, backup_type="", concerns=()):
    subject = f"{device or ''} {backup_type}".strip()
    return Symptom(
        kind=kind,
        subject=subject,
        sentence="",
        device=device,
        backup_type=backup_type,
        concerns=frozenset(concerns),
    )


UNKNOWN = symptom(CauseKind.UNKNOWN, device=1, backup_type="video")


@pytest.mark.parametrize(
    "kind", [CauseKind.CORRUPT, CauseKind.LOST, CauseKind.CARD_ERRORS, CauseKind.CARD_FULL]
)
def test_damage_and_loss_follow_from_nothing(kind):
    everything = [symptom(root) for root in CauseKind if root is not kind]
    one = symptom(kind, device=1, backup_type="video")
    assert one.key not in roots_of([*everything, one])


@pytest.mark.parametrize("kind", [CauseKind.NODE, CauseKind.OWN_WORK, CauseKind.CLOCK])
def test_what_nobody_could_ask_follows_from_who_asks(kind):
    root = symptom(kind)
    assert roots_of([root, UNKNOWN]) == {UNKNOWN.key: root.key}


def test_a_disk_hides_only_what_lies_on_it():
    root = symptom(CauseKind.DISK, concerns={"sqlite", "mysql"})
    results = symptom(CauseKind.UNKNOWN, device=1, backup_type="sqlite")
    assert roots_of([root, UNKNOWN, results]) == {results.key: root.key}


def test_a_silent_device_hides_only_its_own():
    root = symptom(CauseKind.DEVICE, device=1)
    other = symptom(CauseKind.UNKNOWN, device=2, backup_type="video")
    assert roots_of([root, UNKNOWN, other]) == {UNKNOWN.key: root.key}


def test_the_root_of_a_root_is_said():
    node, device = symptom(CauseKind.NODE), symptom(CauseKind.DEVICE, device=1)
    assert roots_of([UNKNOWN, device, node]) == {UNKNOWN.key: node.key, device.key: node.key}


def test_no_cause_follows_from_what_follows_from_it():
    everything = [symptom(kind) for kind in CauseKind]
    roots = roots_of(everything)
    assert not set(roots) & set(roots.values())
    assert {CAUSES[s.kind].title for s in everything if s.key not in roots} >= {
        CAUSES[CauseKind.CLOCK].title
    }


def test_a_backup_has_one_incident_whatever_its_verdict():
    keys = {symptom(kind, device=1, backup_type="video").key for kind in (
        CauseKind.LATE, CauseKind.STALE, CauseKind.MISSING, CauseKind.CORRUPT
    )}  # fmt: skip
    assert len(keys) == 1


def test_a_silent_node_of_several_hides_only_what_is_its_own():
    root = replace(symptom(CauseKind.NODE), node="a")
    own, other = replace(UNKNOWN, node="a"), replace(UNKNOWN, node="b", subject="2 video", device=2)
    daemon = replace(symptom(CauseKind.DAEMON), node="b")
    nobodys = replace(UNKNOWN, subject="3 video", device=3)
    assert roots_of([root, own, other, daemon, nobodys]) == {own.key: root.key}
