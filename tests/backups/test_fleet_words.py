"""The sentence of the first page says no more than the facts do."""

from datetime import timedelta

import pytest

from backups.dashboard import fleet
from backups.engine.card.outlook import Concern, Level
from backups.engine.facts import BackupFacts, BackupType, Problem, ProblemKind, Risk, risk_of
from backups.fleet_words import fleet_sentence, how_much, needs_of
from backups.models import Backup, BackupSnapshot
from devices.models import Device, Lifecycle

HOUR = timedelta(hours=1)


@pytest.fixture
def add(db, now):
    """A device, and what was seen of its SQLite backup; by default all is here."""

    def add(name, **facts):
        device = Device.objects.create(
            device_id=name, name=name, first_seen_at=now, told_at=now, told_by="node"
        )
        whole = {"source_read_at": now, "disk_read_at": now, "source_count": 1, "copy_count": 1}
        backup = Backup.objects.create(device=device, backup_type="sqlite")
        seen = BackupFacts(backup_type=BackupType.SQLITE, **(whole | facts))
        backup.latest = BackupSnapshot.of_facts(seen, backup=backup, taken_at=now)
        backup.latest.save()
        backup.save()
        return device

    return add


def behind(now, **much):
    problem = Problem("run.db", now - 9 * HOUR, "the copy ends at noon", **much)
    return {"behind": (problem,), "risk": risk_of({ProblemKind.BEHIND: (problem,)})}


def said(now):
    return fleet_sentence(fleet(now=now))


def test_of_a_fleet_that_is_well(add, now):
    add("a")
    add("b")
    assert said(now) == "2 of 2 devices are safe. Nothing that was told of exists only on cards."


def test_what_exists_only_on_cards_is_added_up(add, now):
    add("a")
    add("b", **behind(now, bytes=3 * 2**30, seconds=7200.0, rows=5))
    add("c", **behind(now, bytes=2**30, seconds=3600.0, rows=5))
    assert said(now) == "1 of 3 devices are safe. 4.0 GiB and 3.0 h exist only on cards."


def test_what_nobody_told_the_amount_of_is_not_called_little(add, now):
    add("a", **behind(now))
    assert said(now) == (
        "0 of 1 device is safe. 1 item exists only on cards, and how much that is was not told."
    )
    add("b", **behind(now, bytes=2**30, seconds=3600.0))
    assert "At least 1.0 GiB and 1.0 h exist only on cards" in said(now)


def test_what_is_not_known_is_neither_safe_nor_left_out(add, now):
    add("a")
    add("b", disk_error="away")
    add("c", source_count=0, copy_count=0)
    assert said(now) == (
        "1 of 3 devices are safe; 1 has nothing to save; of 1 it is not known. Nothing that was"
        " told of exists only on cards; of 1 card nobody could tell."
    )


def test_a_parked_device_is_not_among_the_safe_ones_but_its_risk_counts(add, now):
    add("a")
    add("b", **behind(now, bytes=2**30, seconds=3600.0))
    Device.objects.filter(name="b").update(lifecycle=Lifecycle.PARKED)
    assert said(now) == "1 of 1 device is safe. 1.0 GiB and 1.0 h exist only on cards."


def test_a_row_tells_what_lacks_how_much_and_the_next_step(add, now):
    add("fine")
    add("late", **behind(now, bytes=2**30, rows=7))
    (row,) = needs_of(fleet(now=now).active, {}, now=now)
    assert row.status.device.name == "late"
    assert row.lacks.startswith("SQLite: unsaved data is")
    assert row.how_much == "1.0 GiB, 7 rows"
    assert row.next_step == "a newer copy"


def test_a_failing_card_of_a_safe_device_has_a_row_and_an_unlisted_one_none(add, now):
    dying, unlisted = add("dying"), add("unlisted")
    concerns = {
        dying.pk: Concern(Level.BAD, "errors", "it has errors", "replace it"),
        unlisted.pk: Concern(Level.UNTOLD, "not told", "never listed", "list it"),
    }
    (row,) = needs_of(fleet(now=now).active, concerns, now=now)
    assert (row.lacks, row.next_step) == ("Its card: it has errors", "replace it")


@pytest.mark.parametrize(
    ("risk", "words"),
    [
        (Risk(), "nothing"),
        (Risk(blind=1), "not known"),
        (Risk(items=2, untold=2, timeless=2), "at least 2 items"),
        (Risk(items=1, bytes=1024, seconds=720.0, rows=4), "1.0 KiB, 0.2 h"),
    ],
)
def test_how_much_of_one_device(risk, words):
    assert how_much(risk) == words
