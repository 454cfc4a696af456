"""The words of a verdict: true, counted, and the same wherever they are said."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from backups import words
from backups.dashboard import BackupStatus, DeviceStatus, risk_now
from backups.engine.evidence import evidence_of
from backups.engine.facts import BackupFacts, BackupType, Problem, ProblemKind, risk_of
from backups.engine.verdict import Verdict, judge
from backups.models import Backup, BackupSnapshot
from backups.models.policy import DEFAULT_LIMITS
from devices.models import Device

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def of(kind, **facts):
    """A backup: by default all that the device has is here, and proven."""
    whole = {
        "source_read_at": NOW, "disk_read_at": NOW, "source_count": 2, "copy_count": 2,
        "newest_copy_at": NOW, "proofs": {"equal": 2},
    }  # fmt: skip
    found = BackupFacts(backup_type=kind, **(whole | facts))
    limits = DEFAULT_LIMITS[kind]
    return BackupStatus(
        facts=found, judgement=judge(found, limits=limits, now=NOW), taken_at=NOW, claim="",
        risk=risk_now(found, limits=limits, now=NOW),
        processing=False, limits=limits,
    )  # fmt: skip


def having(kind, *problems, backup_type=BackupType.SQLITE, **facts):
    risk = risk_of({kind: problems})
    return of(backup_type, **{kind.value: problems, "risk": risk} | facts)


def device(*backups):
    return DeviceStatus(device=Device(name="X"), backups={b.facts.backup_type: b for b in backups})


def old(name="a.db", rows=1203, size=4 * 2**20):
    return Problem(name, NOW - DAY, "why", rows, size)


def test_the_headline_is_that_of_the_worst_backup_and_names_its_type():
    late = having(ProblemKind.BEHIND, old(), backup_type=BackupType.VIDEO)
    said = words.headline(device(of(BackupType.MYSQL), late), now=NOW)
    assert said.startswith("Video: ")
    assert "whole" not in said


def test_of_two_protected_backups_the_one_that_still_lags_gives_the_headline():
    lagging = having(ProblemKind.LAGGING, Problem("a", NOW, "why"), backup_type=BackupType.VIDEO)
    said = words.headline(device(of(BackupType.MYSQL), lagging), now=NOW)
    assert said.startswith("Video: all is saved but what is younger than")


def test_a_device_that_nobody_looked_at_says_so():
    assert words.headline(device(), now=NOW) == words.NOT_LOOKED_AT


def test_what_is_at_risk_is_counted_in_items_rows_bytes_and_time():
    said = words.sentence(having(ProblemKind.MISSING, old(), old("b.db")), now=NOW)
    assert said.endswith("at risk: 2 experiments, 2,406 rows, 8.0 MiB, for 24 h")


@pytest.mark.parametrize(
    ("some", "said"),
    [
        ((old(), old("b", None, None)), "1,203 rows, 4.0 MiB, of 1 nobody told how much, for 24 h"),
        ((old("b", None, None),), "at risk: 1 experiment, nobody told how much, for 24 h"),
    ],
)
def test_what_nobody_told_is_not_counted_as_nothing(some, said):
    assert said in words.sentence(having(ProblemKind.MISSING, *some), now=NOW)


def test_nothing_is_at_risk_where_all_is_saved():
    assert "at risk" not in words.sentence(of(BackupType.SQLITE), now=NOW)


@pytest.mark.parametrize(
    "backup",
    [
        of(BackupType.SQLITE, written_off_count=1),
        having(ProblemKind.MISSING, old(), written_off_count=1),
        of(
            BackupType.SQLITE,
            source_count=0,
            copy_count=0,
            newest_copy_at=None,
            written_off_count=1,
        ),
    ],
    ids=["protected", "missing", "none"],
)
def test_what_was_written_off_is_said_whatever_the_verdict(backup):
    assert words.sentence(backup, now=NOW).count("1 written off") == 1


def test_what_the_device_has_counts_what_was_written_off():
    facts = of(BackupType.SQLITE, written_off_count=1).facts
    assert words.on_the_device(facts) == "2 experiments, 1 written off"


@pytest.mark.parametrize("kind", BackupType)
@pytest.mark.parametrize("count", [0, 2])
def test_a_disk_that_nobody_read_is_not_said_to_hold_nothing(kind, count):
    facts = of(kind, disk_read_at=None, copy_count=count, size_bytes=0).facts
    assert words.on_the_disk(facts) == "not known"
    facts = of(kind, disk_read_at=NOW, copy_count=0, size_bytes=0).facts
    assert words.on_the_disk(facts) == "nothing"


def test_what_is_lost_promises_no_copy_that_would_clear_it():
    backup = having(ProblemKind.LOST, old())
    (item,) = words.wrong_items(backup.facts)
    assert "lost" in words.sentence(backup, now=NOW)
    assert "copy" not in item.clears + backup.judgement.clears


def test_what_waits_says_by_when():
    young = Problem("a.db", NOW - timedelta(minutes=30), "why")
    backup = having(ProblemKind.MISSING, young, copy_count=0)
    assert backup.judgement.verdict is Verdict.WAITING
    due_at = young.since + backup.limits.max_age
    assert f"due by {due_at:%Y-%m-%d %H:%M:%S} UTC" in words.sentence(backup, now=NOW)


def test_a_time_that_has_not_come_is_said_as_no_age():
    lines = list(evidence_of(of(BackupType.SQLITE, disk_read_at=NOW + DAY).facts, now=NOW))
    assert "the disk was read at 2026-11-23 12:00:00 UTC, which has not come yet" in lines
    ahead = having(ProblemKind.CORRUPT, Problem("a.db", NOW + DAY, "why"))
    assert words.since(ahead.judgement, now=NOW) == ""
    assert " for " not in words.at_risk(ahead.facts, now=NOW)


def test_every_kind_of_problem_says_what_clears_it():
    assert set(words.CLEARED_BY) == set(ProblemKind)


class TestWhy:
    @pytest.fixture
    def stored(self, device, now):
        for kind in BackupType:
            facts = having(ProblemKind.MISSING, old(), backup_type=kind).facts
            backup = Backup.objects.create(device=device, backup_type=kind)
            backup.latest = BackupSnapshot.of_facts(facts, backup=backup, taken_at=now)
            backup.latest.save()
            backup.save()
        return device

    def why(self, word):
        out = StringIO()
        call_command("why", word, stdout=out)
        return out.getvalue()

    def test_it_says_the_same_by_id_and_by_name(self, stored):
        said = self.why(stored.device_id)
        assert said == self.why(stored.name)
        for part in (
            "missing",
            "rule: ",
            "what clears it: ",
            "at risk: ",
            "evidence: ",
            "a.db: why",
        ):
            assert part in said
        assert said.count("\nMySQL: ") == said.count("\nSQLite: ") == said.count("\nVideo: ") == 1

    def test_of_a_name_that_repeats_it_says_all(self, stored, now):
        Device.objects.create(
            device_id="1" * 32, name=stored.name, first_seen_at=now, told_at=now, told_by="node"
        )
        said = self.why(stored.name)
        assert stored.device_id in said
        assert words.NOT_LOOKED_AT in said

    @pytest.mark.django_db
    def test_a_word_that_is_no_device_ends_it_with_an_error(self):
        with pytest.raises(CommandError, match="no device of this id or name"):
            self.why("nobody")


def item(rows=None, size=None, seconds=None, listed=False):
    return Problem("a.db", NOW - DAY, "why", rows, size, seconds, listed)


def at_risk_now(*backups):
    return words.at_risk_now(device(*backups).risk, now=NOW)


@pytest.mark.parametrize(
    ("items", "said"),
    [
        (
            [item(10, 2048, 7200.0, listed=True)],
            "1 item (10 rows, 2.0 KiB, 2.0 h of tracking or film) is only on a card, for 24 h;"
            " listed by ethonode",
        ),
        (
            [item(10, None, 60.0), item(2, None, listed=True)],
            "2 items (12 rows, at least 1 min of tracking or film) are only on a card, for 24 h;"
            " 1 listed by ethonode, 1 told by the device",
        ),
        (
            [item(10, None, 600.0), item()],
            "at least 2 items (10 rows, 0.2 h of tracking or film) are only on a card, for 24 h;"
            " told by the device; of 1 nobody told how much",
        ),
        (
            [item()],
            "at least 1 item is only on a card, for 24 h; told by the device; of 1 nobody told how"
            " much; for how long they were tracked or filmed is not known",
        ),
    ],
)
def test_what_is_at_risk_now_is_added_up_and_what_nobody_told_is_never_nothing(items, said):
    assert at_risk_now(having(ProblemKind.MISSING, *items)) == said


BLIND = [
    {"disk_error": "gone"}, {"disk_read_at": None}, {"source_read_at": None},
    {"source_count": None},
    {"source_read_at": NOW - 900 * DAY}, {"disk_read_at": NOW + DAY},
    {"copy_count": 0, "newest_copy_at": None},
]  # fmt: skip


@pytest.mark.parametrize("facts", BLIND)
def test_what_was_not_read_may_be_at_risk(facts):
    alone = at_risk_now(of(BackupType.VIDEO, **facts))
    assert alone.endswith("but of 1 more it is not known")
    worse = having(ProblemKind.CORRUPT, item(3, listed=True))
    both = at_risk_now(worse, of(BackupType.VIDEO, **facts))
    assert both.startswith("at least 1 item (3 rows)")
    assert both.endswith("; of 1 more it is not known")


def test_a_damaged_copy_hides_not_that_the_rest_was_not_read():
    said = at_risk_now(having(ProblemKind.CORRUPT, item(3), disk_error="gone"))
    assert said.startswith("at least ")


def test_a_device_that_nobody_looked_at_may_have_anything():
    assert at_risk_now().endswith("but of 1 more it is not known")


def test_where_all_was_read_and_is_here_nothing_is_at_risk():
    assert at_risk_now(of(BackupType.SQLITE)) == "nothing that anybody told of is only on a card"
    none = of(BackupType.VIDEO, source_count=0, copy_count=0, source_read_at=NOW - 900 * DAY)
    assert at_risk_now(none) == "nothing that anybody told of is only on a card"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "1 s"), (29, "29 s"), (60, "1 min"), (359, "6 min"), (5400, "1.5 h")],
)
def test_what_is_something_is_never_said_to_be_nothing(seconds, said):
    assert words.hours(seconds) == said
