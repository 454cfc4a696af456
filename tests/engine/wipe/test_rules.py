"""Yes is said of one world alone; whatever else is put in it, or taken away, ends that."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from backups.engine.facts import BackupType, Problem, ProblemKind
from backups.engine.wipe import (
    CardShown,
    DiskShown,
    HeldContent,
    MariaDBShown,
    MayWipe,
    Remedy,
    Teller,
    WipeFacts,
    WipeItem,
    WriteOff,
    may_wipe,
)
from backups.engine.wipe.scope import ExperimentSpan, may_wipe_each

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
BEFORE, SECOND = NOW - timedelta(days=1), timedelta(seconds=1)
ME = "0192c3d4e5f60718293a4b5c6d7e8f90"
CLOCK = 1_800_000_000.0

HELD = HeldContent(
    place="results/a.db", digest="ab", mark="m", ours="o", proven_at=BEFORE, read_at=BEFORE,
    how="pull",
)  # fmt: skip
ITEM = WipeItem(
    name="results/a.db", size=7, mark="m", modified=CLOCK - 3600, held=HELD, ours="o",
    proven_by=Remedy.PULL_RESULTS, brought_by=Remedy.PULL_RESULTS,
)  # fmt: skip
ON_SERVER = replace(ITEM, name="MariaDB a_db", on_card=False)
FIRST = CardShown(began_at=NOW + SECOND, boot="b", clock=CLOCK)
LAST = CardShown(began_at=NOW + 9 * SECOND, boot="b", clock=CLOCK + 8)
STOPPED = Teller(device_id=ME, status="stopped")
DISK = DiskShown(folder="/data", used_percent=50.0, read_only=False)
FACTS = WipeFacts(
    asked_at=NOW, device_id=ME, before=STOPPED, after=STOPPED, first=FIRST, last=LAST,
    items=(ITEM,), problems=(), write_offs=(), mariadb=MariaDBShown(expected=False),
    disks=(DISK,), known_files=1, asks_for_second=False,
)  # fmt: skip
LOST = (BackupType.SQLITE, ProblemKind.LOST, Problem("b.db", BEFORE, "gone"))
BEHIND = (BackupType.SQLITE, ProblemKind.BEHIND, Problem("b.db", BEFORE, "short"))


def with_item(**facts):
    return replace(FACTS, items=(ITEM, replace(ITEM, name="results/b.db", **facts)))


def with_held(**facts):
    return with_item(held=replace(HELD, **facts))


def with_(name, value, **others):
    return replace(FACTS, **{name: value}, **others)


def test_yes():
    assert may_wipe(FACTS) == may_wipe(with_item())
    assert may_wipe(FACTS).answer is MayWipe.YES
    assert not may_wipe(FACTS).reasons


@pytest.mark.parametrize(
    "facts",
    [
        with_item(size=0, held=None, mark=""),
        with_item(modified=CLOCK + 86400 * 365),  # by a clock that has been set back since
        with_held(read_at=BEFORE + SECOND),
        with_item(grew_at=BEFORE - SECOND),
        with_("write_offs", (WriteOff(name="c.db", by="Ann"),)),
        with_("mariadb", MariaDBShown(expected=False, error="refused", is_none=True)),
        with_("mariadb", MariaDBShown(expected=True)),
        with_("items", (), known_files=0),
        with_("items", (ON_SERVER,), known_files=0),
        with_("before", Teller(device_id=ME, status="running"), after=Teller(
            device_id=ME, status="running"), experiment="a.db"),
    ],
)  # fmt: skip
def test_what_takes_no_yes_away(facts):
    assert may_wipe(facts).answer is MayWipe.YES


@pytest.mark.parametrize(
    ("facts", "remedy"),
    [
        (with_item(kind="l"), Remedy.PERSON),
        (with_item(kind="l", size=0), Remedy.PERSON),
        (with_item(log_bytes=1), Remedy.PERSON),
        (with_item(log_bytes=1, size=0, held=None), Remedy.PERSON),
        (with_item(modified=CLOCK + 8), Remedy.ASK_AGAIN),
        (with_item(modified=CLOCK + 8 + 599), Remedy.ASK_AGAIN),
        (with_item(modified=CLOCK + 8 - 599), Remedy.ASK_AGAIN),
        (with_item(held=None), Remedy.PULL_RESULTS),
        (with_item(held=None, proven_by=Remedy.PROVE), Remedy.PROVE),
        (with_item(ours="another", proven_by=Remedy.PROVE), Remedy.PROVE),
        (with_item(held=None, proven_by=Remedy.PROVE, ours=""), Remedy.PULL_RESULTS),
        (with_("problems", (BEHIND,)), Remedy.PULL_RESULTS),
        (with_("problems", (BEHIND,), others=frozenset({"b.db"})), Remedy.PULL_FILES),
        (with_held(damage="rot"), Remedy.PULL_RESULTS),
        (with_held(differs="another digest"), Remedy.PULL_RESULTS),
        (with_item(unlike="1 row more"), Remedy.PULL_RESULTS),
        (with_item(mark="n"), Remedy.PULL_RESULTS),
        (with_item(mark="", held=replace(HELD, mark="")), Remedy.PULL_RESULTS),
        (with_item(grew_at=BEFORE), Remedy.PULL_RESULTS),
        (with_item(ours=""), Remedy.PULL_RESULTS),
        (with_item(ours="", held=replace(HELD, ours="")), Remedy.PULL_RESULTS),
        (with_item(ours="p"), Remedy.PULL_RESULTS),
        (with_held(read_at=None), Remedy.VERIFY),
        (with_held(read_at=BEFORE - SECOND), Remedy.VERIFY),
        (with_held(digest=""), Remedy.VERIFY),
        (with_("growing", ("a.db",)), Remedy.PERSON),
        (with_("changed", ("a.db",)), Remedy.ASK_AGAIN),
        (with_("before", Teller(device_id=ME, status="recording")), Remedy.PERSON),
        (with_("after", Teller(device_id=ME, status="busy")), Remedy.PERSON),
        (with_("problems", (LOST,)), Remedy.PERSON),
        (with_("write_offs", (WriteOff(name="c.db"),)), Remedy.PERSON),
        (with_("disks", (DISK, replace(DISK, used_percent=95.0))), Remedy.PERSON),
        (with_("disks", (replace(DISK, read_only=True),)), Remedy.PERSON),
        (with_("disks", (replace(DISK, fault_count=1),)), Remedy.PERSON),
    ],
)
def test_no(facts, remedy):
    found = may_wipe(facts)
    assert found.answer is MayWipe.NO
    (reason,) = found.reasons
    assert (reason.remedy, reason.says) == (remedy, MayWipe.NO)
    assert reason.item
    assert reason.lacks


@pytest.mark.parametrize(
    "facts",
    [
        with_("first", replace(FIRST, began_at=NOW - SECOND)),
        with_("last", replace(LAST, began_at=NOW)),
        with_("first", replace(FIRST, boot="other")),
        with_("last", replace(LAST, boot="")),
        with_("first", replace(FIRST, boot=""), last=replace(LAST, boot="")),
        with_("before", Teller(device_id="other", status="stopped")),
        with_("after", Teller(device_id="other", status="stopped")),
        with_("after", Teller(device_id=ME, status="")),
        with_("two_places", "10.0.0.1 and 10.0.0.2"),
        with_("first", replace(FIRST, unread=(("videos", "EIO"),))),
        with_("last", replace(LAST, unread=(("videos", "EIO"),))),
        with_item(unseen="the connection broke"),
        with_item(unseen="the connection broke", size=0, held=None),
        with_("items", ()),
        with_("items", (), known_files=None),
        with_("items", (ON_SERVER,)),  # another card, and the server goes on
        with_("items", (replace(ITEM, size=0, held=None),)),  # another card with an empty file
        with_("disks", ()),
        with_("disks", (replace(DISK, error="EIO"),)),
        with_("disks", (replace(DISK, used_percent=None),)),
        with_("disks", (replace(DISK, read_only=None),)),
        with_("mariadb", MariaDBShown(expected=True, error="refused", is_none=True)),
        with_("mariadb", MariaDBShown(expected=False, error="access denied")),
    ],
)
def test_cannot_tell(facts):
    assert may_wipe(facts).answer is MayWipe.UNKNOWN


NEEDED = (
    "before", "after", "first", "last", "items", "problems", "write_offs", "mariadb",
    "asks_for_second",
)  # fmt: skip


@pytest.mark.parametrize("name", NEEDED)
def test_what_was_not_looked_up_is_never_a_yes(name):
    assert may_wipe(with_(name, None)).answer is MayWipe.UNKNOWN


def test_nothing_known_is_cannot_tell():
    assert may_wipe(WipeFacts(asked_at=NOW, device_id=ME)).answer is MayWipe.UNKNOWN


def test_every_fact_that_may_lack_is_needed():
    may_lack = {f.name for f in fields(WipeFacts) if "None" in str(f.type)} - {
        "known_files",
        "other_size",
        "second_lacking",  # where nobody asks for second copies
    }
    assert may_lack == set(NEEDED)


def test_a_no_outranks_cannot_tell_and_both_are_said():
    found = may_wipe(with_("mariadb", None, growing=("a.db",)))
    assert found.answer is MayWipe.NO
    assert [reason.says for reason in found.reasons] == [MayWipe.NO, MayWipe.UNKNOWN]


@pytest.mark.parametrize("hours", [-24 * 365 * 30, -1, 1, 24 * 365])
def test_how_wrong_the_devices_clock_is_decides_nothing(hours):
    moved = 3600.0 * hours
    shown = {name: replace(getattr(FACTS, name), clock=CLOCK + moved) for name in ("first", "last")}
    for age, answer in ((0, MayWipe.NO), (3600, MayWipe.YES)):
        item = replace(ITEM, modified=CLOCK + moved - age)
        assert may_wipe(replace(FACTS, items=(item,), **shown)).answer is answer


CUT = (BackupType.SQLITE, ProblemKind.CORRUPT, Problem("7 more", BEFORE, "are corrupt, too"))
NAMELESS = WipeItem(name="MariaDB E_db", size=3, mark="", on_card=False)


@pytest.mark.parametrize(
    ("facts", "in_mariadb", "may"),
    [
        (FACTS, False, MayWipe.YES),
        (with_("problems", (CUT,)), False, MayWipe.NO),
        (with_("problems", (LOST,)), False, MayWipe.YES),  # of another one
        (with_("items", (ITEM, NAMELESS)), True, MayWipe.NO),
        (with_("items", (ITEM, NAMELESS)), False, MayWipe.YES),
        (with_("items", (replace(NAMELESS, size=0, unseen="cut"),)), True, MayWipe.UNKNOWN),
        (with_("items", (replace(NAMELESS, size=0, unseen="cut"),)), False, MayWipe.YES),
    ],
)
def test_what_nobody_names_may_be_of_each_experiment(facts, in_mariadb, may):
    span = ExperimentSpan(filename="a.db", begins_at=None, ends_at=None, in_mariadb=in_mariadb)
    assert may_wipe_each(facts, [span])["a.db"].answer is may
