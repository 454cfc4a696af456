"""What a verdict says in its own defence: rule, evidence, since when, what clears it. In words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backups.engine.compare import compare_experiments, examine
from backups.engine.facts import BackupFacts, BackupType, Problem
from backups.engine.items import Copy, CopyState, ListedExperiment, Tally
from backups.engine.verdict import CURES, Limits, Verdict, judge
from devices.records import Rows

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIMITS = Limits(max_age=2 * HOUR, grace=4 * HOUR, evidence_ttl=timedelta(minutes=20))
NOTHING = BackupFacts(
    backup_type=BackupType.SQLITE, source_read_at=NOW, source_count=0, disk_read_at=NOW
)
SAFE = replace(NOTHING, source_count=1, copy_count=1, newest_copy_at=NOW - 9 * HOUR)
READ = (
    "the device's inventory was read at 2026-11-22 12:00:00 UTC",
    "the disk was read at 2026-11-22 12:00:00 UTC",
)
FAILED = "the last attempt failed"
NEWEST = "all that was told of is saved until 2026-11-22 03:00:00 UTC"
OLD = (Problem("a.db", NOW - 7 * HOUR, "why"),)
YOUNG = (Problem("a.db", NOW - 3 * HOUR, "why"),)
FRESH = (Problem("a.db", NOW - HOUR, "why"),)
NEW_DISK, NEW_INVENTORY = "a new reading of the disk", "a new reading of the device's inventory"
WHOLE = "everything the device is known to have is on the disk, and was proven to be whole"
PROOF = "a pull or a mirror made here, a listing of the card, or a person who writes it off"


@pytest.mark.parametrize(
    ("facts", "verdict", "rule", "evidence", "since", "clears"),
    [
        (
            NOTHING, Verdict.NONE,
            "nothing of this type was ever seen, on the device or on the disk", READ, None, "",
        ),
        (
            replace(SAFE, corrupt=OLD), Verdict.CORRUPT, "a copy is damaged, or shrank",
            (*READ, NEWEST, "a.db: why"), NOW - 7 * HOUR,
            CURES,
        ),
        (
            replace(SAFE, missing=OLD), Verdict.MISSING,
            "on the device for 6 h or more without a usable copy here",
            (*READ, NEWEST, "a.db: why"), NOW - HOUR, "a copy of each",
        ),
        (
            replace(SAFE, disk_error="Input/output error"), Verdict.UNKNOWN,
            "the disk could not be read",
            (READ[0], f"{READ[1]}; {FAILED}: Input/output error", NEWEST), NOW,
            "a readable disk",
        ),
        (
            replace(SAFE, disk_read_at=None), Verdict.UNKNOWN, "the disk was never read",
            (READ[0], "the disk was never read", NEWEST), None, NEW_DISK,
        ),
        (
            replace(SAFE, source_read_at=None, source_error="refused"), Verdict.UNKNOWN,
            "the device's inventory was never read",
            (f"the device's inventory was never read; {FAILED}: refused", READ[1], NEWEST), None,
            NEW_INVENTORY,
        ),
        (
            replace(SAFE, source_read_at=NOW - HOUR, source_error="refused"), Verdict.UNKNOWN,
            "the device's inventory was last read 20 min ago or more",
            (
                f"the device's inventory was read at 2026-11-22 11:00:00 UTC; {FAILED}: refused",
                READ[1], NEWEST,
            ),
            NOW - timedelta(minutes=40), NEW_INVENTORY,
        ),
        (
            replace(SAFE, unproven=OLD), Verdict.UNKNOWN, "nothing shows that the copy is whole",
            (*READ, NEWEST, "a.db: why"), NOW - 5 * HOUR, PROOF,
        ),
        (
            replace(SAFE, lost=FRESH), Verdict.MISSING,
            "the device no longer has it, and the disk lacks it: lost",
            (*READ, NEWEST, "a.db: why"), NOW - HOUR,
            "nothing brings it back; a person may write it off",
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
            replace(SAFE, missing=FRESH), Verdict.WAITING, "not saved yet, and younger than 2 h",
            (*READ, NEWEST, "a.db: why"), NOW - HOUR,
            "a copy that is proven, due by 2026-11-22 13:00:00 UTC",
        ),
        (
            replace(SAFE, lagging=FRESH), Verdict.PROTECTED,
            "all is saved but what is younger than 2 h", (*READ, NEWEST, "a.db: why"),
            NOW - 9 * HOUR, "",
        ),
        (SAFE, Verdict.PROTECTED, WHOLE, (*READ, NEWEST), NOW - 9 * HOUR, ""),
        (
            replace(SAFE, source_count=None), Verdict.UNKNOWN,
            "nobody tells whether the device has such data", (*READ, NEWEST), None,
            "a listing of the card, or a pull made here",
        ),
        (
            replace(SAFE, proofs={"equal": 2, "counted": 1}, written_off_count=1),
            Verdict.PROTECTED, WHOLE + "; 1 written off",
            (*READ, NEWEST, "proof of what is saved: 1 counted, 2 equal"), NOW - 9 * HOUR, "",
        ),
        (
            replace(NOTHING, source_count=1), Verdict.UNKNOWN,
            "the device has such data, and nothing here accounts for it", READ, None,
            "a copy of it",
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


ENDED = ListedExperiment(
    filename="a.db", known_since=NOW - 9 * HOUR, grew_at=NOW - HOUR, growing=False
)
ROWS = {"ROI_1": Rows(10, 10), "ROI_2": Rows(10, 10), "ROI_3": Rows(10, 10), "ROI_4": Rows(10, 10)}
NAMED = Copy(
    path="x/a.db",
    filename="a.db",
    state=CopyState.USABLE,
    problem="why",
    first_seen_at=NOW - 8 * HOUR,
    rows=ROWS,
)
WHOLE_COPY = replace(NAMED, problem="", stopped=True, read_at=NOW - HOUR, advanced_at=NOW - HOUR)


def told(**rows):
    return Tally(at=NOW, rows={name: Rows(number, None) for name, number in rows.items()})


@pytest.mark.parametrize(
    ("experiment", "copy", "reason"),
    [
        (ENDED, None, "the disk holds no copy"),
        (replace(ENDED, gone="purged"), None, "purged; the disk holds no copy"),
        (ENDED, replace(NAMED, state=CopyState.CORRUPT), "why"),
        (ENDED, replace(NAMED, damage="flipped"), "flipped"),
        (ENDED, replace(NAMED, state=CopyState.EMPTY), "why"),
        (ENDED, replace(NAMED, state=CopyState.BUSY), "why"),
        (ENDED, replace(NAMED, foreign="it is of x"), "it is of x"),
        (ENDED, NAMED, "it has no stop row, and nobody counted the device's rows after its end"),
        (
            replace(ENDED, is_one_file=False), WHOLE_COPY,
            "it was made table by table, and nobody counted the device's rows after its end",
        ),
        (
            replace(ENDED, gone="purged"), NAMED,
            "purged; it has no stop row, and nobody counted the device's rows after its end",
        ),
        (ENDED, replace(WHOLE_COPY, read_at=None), "it was not read to its end yet"),
        (ENDED, replace(WHOLE_COPY, read_at=None, problem="its -wal"), "its -wal"),
        (
            ENDED, replace(WHOLE_COPY, advanced_at=NOW - 2 * HOUR),
            "the device was seen writing it after all that is here had come",
        ),
        (ENDED, replace(WHOLE_COPY, holes=3), "3 row numbers lack inside its tables"),
        (
            ENDED, replace(WHOLE_COPY, rowless_rois=(2, 3)),
            "it has no row of 2 of the ROIs that it names",
        ),
        (ENDED, replace(WHOLE_COPY, rows={"ROI_MAP": Rows(3, 3)}), "it has no row of any ROI"),
        (
            ENDED, replace(WHOLE_COPY, short_rois=2),
            "the rows of 2 ROIs end long before its stop row",
        ),
        (ENDED, replace(NAMED, doubt="ROI_1 differs"), "ROI_1 differs"),
        (
            ENDED, replace(NAMED, equal_at=NOW - 2 * HOUR),
            "held all until 2026-11-22 10:00:00 UTC; the device wrote it since",
        ),
        (
            replace(ENDED, growing=True), NAMED,
            "it grows, and nobody tells how many rows it has",
        ),
        (
            replace(ENDED, growing=True, held_at=NOW - HOUR), NAMED,
            "the copy holds all that was told of until 2026-11-22 11:00:00 UTC",
        ),
        (
            replace(ENDED, tellings=(told(ROI_1=12, ROI_2=1010),)), NAMED,
            "lacks 1,002 rows that the device told of (ROI_2 1,000, ROI_1 2)",
        ),
        (
            replace(ENDED, tellings=(told(ROI_1=11, ROI_2=14, ROI_3=13, ROI_4=12, X=1),)), NAMED,
            "lacks 11 rows that the device told of (ROI_2 4, ROI_3 3, ROI_4 2 and 2 more tables)",
        ),
        (
            replace(ENDED, tellings=(Tally(at=NOW, size_bytes=9),)), NAMED,
            "the device's file is larger than the copy",
        ),
        (
            replace(ENDED, tellings=(told(ROI_1=11),), gone="purged"), NAMED,
            "purged; lacks 1 row that the device told of (ROI_1 1)",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_experiment_is_said(experiment, copy, reason):
    assert examine(experiment, [copy] if copy else []).problem.reason == reason


@pytest.mark.parametrize(
    ("copy", "at", "how"),
    [
        (
            WHOLE_COPY, NOW - HOUR,
            "read to its end here; holds its stop row, and all rows that were ever told",
        ),
        (
            replace(NAMED, equal_at=NOW, equal_by="a pull made here"), NOW,
            "held against the device whole by a pull made here",
        ),
        (
            replace(NAMED, equal_at=NOW), NOW, "held against the device whole by a run made here",
        ),
    ],
)  # fmt: skip
def test_a_proof_says_how_and_when_it_was_got(copy, at, how):
    item = examine(ENDED, [copy])
    assert (item.path, item.proven_at, item.how, item.held_at) == ("x/a.db", at, how, at)


def test_a_count_of_the_server_says_so():
    counted = Tally(at=NOW, rows={"ROI_1": Rows(10, 10)}, final=True)
    item = examine(replace(ENDED, tellings=(counted,)), [NAMED])
    assert item.how == "has all rows that were counted on the device after the end"
    assert item.proven_at == NOW


@pytest.mark.parametrize(
    ("copy", "findings"),
    [
        (NAMED, ("a.db: has no stop row, and the device does not list the experiment",)),
        (WHOLE_COPY, ()),
        (replace(NAMED, foreign="it is of x"), ("a.db: it is of x",)),
        (
            replace(NAMED, state=CopyState.EMPTY),
            ("a.db: why, and the device does not list the experiment",),
        ),
        (replace(NAMED, state=CopyState.BUSY), ()),
    ],
)
def test_what_is_said_of_a_copy_whose_experiment_nobody_lists(copy, findings):
    assert compare_experiments([], {"a.db": [copy]}).findings == findings
