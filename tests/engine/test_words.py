"""What a verdict says in its own defence: rule, evidence, since when, what clears it. In words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backups.engine.compare import Copy, CopyState, ListedRun, compare_runs
from backups.engine.facts import BackupFacts, BackupType, Problem
from backups.engine.verdict import Limits, Verdict, judge

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIMITS = Limits(max_age=2 * HOUR, grace=4 * HOUR, evidence_ttl=timedelta(minutes=20))
NOTHING = BackupFacts(
    backup_type=BackupType.SQLITE, source_read_at=NOW, source_count=0, disk_read_at=NOW
)
SAFE = replace(NOTHING, source_count=1, copy_count=1, newest_copy_at=NOW - 9 * HOUR)
READ = (
    "the device's inventory read at 2026-11-22 12:00:00 UTC",
    "the disk read at 2026-11-22 12:00:00 UTC",
)
NEWEST = "newest data in a copy: 2026-11-22 03:00:00 UTC"
OLD = (Problem("a.db", NOW - 7 * HOUR, "why"),)
YOUNG = (Problem("a.db", NOW - 3 * HOUR, "why"),)
FRESH = (Problem("a.db", NOW - HOUR, "why"),)
NEW_DISK, NEW_INVENTORY = "a new reading of the disk", "a new reading of the device's inventory"
WHOLE = "everything the device is known to have is on the disk, and whole"


@pytest.mark.parametrize(
    ("facts", "verdict", "rule", "evidence", "since", "clears"),
    [
        (
            NOTHING, Verdict.NONE,
            "nothing of this type was ever seen, on the device or on the disk", READ, None, "",
        ),
        (
            replace(SAFE, corrupt=OLD), Verdict.CORRUPT, "a copy failed verification",
            (*READ, NEWEST, "a.db: why"), NOW - 7 * HOUR, "a copy that verifies",
        ),
        (
            replace(SAFE, missing=OLD), Verdict.MISSING,
            "on the device for 6 h or more without a usable copy here",
            (*READ, NEWEST, "a.db: why"), NOW - HOUR, "a copy of each",
        ),
        (
            replace(SAFE, disk_error="Input/output error"), Verdict.UNKNOWN,
            "the disk could not be read", (*READ, NEWEST, "Input/output error"), NOW,
            "a readable disk",
        ),
        (
            replace(SAFE, disk_read_at=None), Verdict.UNKNOWN, "the disk was never read",
            (READ[0], NEWEST), None, NEW_DISK,
        ),
        (
            replace(SAFE, source_read_at=None, source_error="refused"), Verdict.UNKNOWN,
            "the device's inventory was never read",
            (READ[1], NEWEST, "refused"), None, NEW_INVENTORY,
        ),
        (
            replace(SAFE, source_read_at=NOW - HOUR, source_error="refused"), Verdict.UNKNOWN,
            "the device's inventory was last read 20 min ago or more",
            ("the device's inventory read at 2026-11-22 11:00:00 UTC", READ[1], NEWEST, "refused"),
            NOW - timedelta(minutes=40), NEW_INVENTORY,
        ),
        (
            replace(SAFE, unproven=OLD), Verdict.UNKNOWN, "nothing shows that the copy is whole",
            (*READ, NEWEST, "a.db: why"), NOW - 7 * HOUR,
            "to see it grow and end from here, a whole copy, or a person who writes it off",
        ),
        (
            replace(SAFE, behind=OLD), Verdict.STALE, "unsaved data is 6 h old or older",
            (*READ, NEWEST, "a.db: why"), NOW - HOUR, "a newer copy",
        ),
        (
            replace(SAFE, behind=YOUNG), Verdict.LATE, "unsaved data is 2 h old or older",
            (*READ, NEWEST, "a.db: why"), NOW - HOUR, "a newer copy",
        ),
        (
            replace(SAFE, behind=FRESH), Verdict.PROTECTED,
            "all is saved but what is younger than 2 h", (*READ, NEWEST, "a.db: why"),
            NOW - 9 * HOUR, "",
        ),
        (SAFE, Verdict.PROTECTED, WHOLE, (*READ, NEWEST), NOW - 9 * HOUR, ""),
        (
            replace(SAFE, source_count=None), Verdict.PROTECTED, WHOLE, (*READ, NEWEST),
            NOW - 9 * HOUR, "",
        ),
        (
            replace(NOTHING, source_count=1), Verdict.UNKNOWN,
            "the device has such data, and nothing here accounts for it", READ, NOW, "a copy of it",
        ),
    ],
)  # fmt: skip
def test_a_judgement_defends_itself(facts, verdict, rule, evidence, since, clears):
    told = judge(facts, limits=LIMITS, now=NOW)
    assert (told.verdict, told.rule, told.since, told.clears) == (verdict, rule, since, clears)
    assert told.evidence == evidence


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(minutes=61), "61 min"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(minutes=120), "2 h"),
        (timedelta(minutes=121), "2 h 1 min"),
        (timedelta(hours=47, minutes=59), "47 h 59 min"),
        (timedelta(days=2), "2 days"),
        (timedelta(days=3, hours=23), "3 days"),
        (timedelta(days=60), "60 days"),
    ],
)
def test_a_limit_is_told_as_a_person_would_say_it(limit, words):
    limits = replace(LIMITS, max_age=limit, grace=timedelta(0))
    facts = replace(SAFE, behind=(Problem("a.db", NOW - limit, "why"),), missing=())
    assert judge(facts, limits=limits, now=NOW).rule == f"unsaved data is {words} old or older"


def run(**others):
    return ListedRun(
        **(
            {"filename": "a.db", "known_since": NOW - 9 * HOUR, "changed_at": NOW, "growing": False}
            | others
        )
    )


def copy(**others):
    values = {
        "filename": "a.db", "state": CopyState.USABLE, "problem": "why",
        "first_seen_at": NOW - 8 * HOUR, "data_at": NOW - 2 * HOUR, "finished": False,
    }  # fmt: skip
    return Copy(**(values | others))


@pytest.mark.parametrize(
    ("listed", "held", "kind", "since", "reason"),
    [
        (run(), None, "missing", NOW - 9 * HOUR, "the disk holds no copy"),
        (run(), copy(state=CopyState.CORRUPT), "corrupt", NOW - 8 * HOUR, "why"),
        (run(), copy(state=CopyState.EMPTY), "missing", NOW - 9 * HOUR, "why"),
        (run(), copy(state=CopyState.BUSY), "unproven", NOW - 8 * HOUR, "why"),
        (run(), copy(data_at=None), "unproven", NOW - 8 * HOUR, "why"),
        (
            run(changed_at=None), copy(), "unproven", NOW - 2 * HOUR,
            "it has no stop row, and nobody saw when the run ended",
        ),
        (
            run(changed_at=NOW - 3 * HOUR), copy(), "unproven", NOW - 3 * HOUR,
            "its newest row (2026-11-22 10:00 UTC) is younger than the device's own clock",
        ),
        (run(), copy(), "behind", NOW - 2 * HOUR, "the copy ends at 2026-11-22 10:00:00 UTC"),
    ],
)  # fmt: skip
def test_a_problem_of_a_run_says_which_since_when_and_why(listed, held, kind, since, reason):
    compared = compare_runs([listed], {"a.db": held} if held else {})
    assert getattr(compared, kind) == (Problem("a.db", since, reason),)


def test_a_newest_row_that_is_just_as_late_as_the_writer_may_be_is_believed():
    listed = run(changed_at=NOW - 2 * HOUR - timedelta(minutes=10))
    assert compare_runs([listed], {"a.db": copy()}).unproven == ()


@pytest.mark.parametrize(
    ("held", "findings"),
    [
        (copy(), ("a.db: has no stop row, and the device no longer lists the run",)),
        (copy(finished=True), ()),
        (copy(state=CopyState.EMPTY), ("a.db: why, and the device no longer lists the run",)),
        (copy(state=CopyState.BUSY), ()),
    ],
)
def test_what_is_said_of_a_copy_whose_run_is_no_longer_listed(held, findings):
    assert compare_runs([], {"a.db": held}).findings == findings
