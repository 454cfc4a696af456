"""A pull of results as a run: what it copies, what it leaves alone, and what it proves."""

import sqlite3
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from backups.engine.copies.errors import (
    LocalBusy,
    LocalClosed,
    LocalCorrupt,
    LocalFailed,
    LocalFull,
)
from backups.engine.facts import BackupType
from backups.engine.items import CopyState
from backups.engine.pull import ensure_key, pull_database
from backups.models import ResultCopy, Run, RunKind
from backups.services.refused_copies import CURE, give_way
from backups.services.results import ROTTEN
from backups.services.snapshots import take_snapshot
from devices.models import Experiment
from tests.engine.pull import recorder

pytestmark = pytest.mark.django_db
STAMP = "2026-01-02_03-04-05"


@pytest.fixture
def experiment(device, now):
    return listed(device, now=now)


def listed(device, *, now, stamp=STAMP, **facts):
    filename = f"{stamp}_{device.device_id}.db"
    words = {"writer": "sqlite", "filename": filename, "first_seen_at": now, "listed_at": now}
    return Experiment.objects.create(device=device, **words | facts)


@pytest.fixture
def database(card, device, experiment):
    """The run's database on the device, in WAL mode, held open as by its listener."""
    path = place_of(card / "results", device, experiment)
    path.parent.mkdir(parents=True)
    with closing(recorder.begin(path)) as connection:
        yield connection


def place_of(folder, device, experiment, *, name="ETHOSCOPE_019"):
    stamp = experiment.filename[:19]
    return folder / device.device_id / name / stamp / experiment.filename


@pytest.fixture
def pull(do):
    return lambda **others: do(RunKind.PULL_RESULTS, **others)


def sqlite_facts(device):
    found = take_snapshot(device, now=timezone.now())
    return next(s.facts for s in found if s.backup.backup_type == BackupType.SQLITE)


def test_a_live_database_comes_whole(pull, database, device, experiment, settings):
    run = pull()
    assert (run.state, run.error) == ("succeeded", "")
    copy = place_of(settings.RESULTS_DIR, device, experiment)
    assert recorder.state_of(copy) == ([200, 200, 200], "ok")
    assert run.numbers["databases"][0]["method"] == "snapshot"


def test_what_came_is_proven_as_of_the_moment_before(pull, database, device):
    before = timezone.now()
    pull()
    copy = ResultCopy.objects.get()
    assert before <= copy.whole_as_of <= timezone.now()


def test_a_proof_ends_when_somebody_writes_the_file(pull, database, device, experiment, settings):
    pull()
    copy = place_of(settings.RESULTS_DIR, device, experiment)
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("CREATE TABLE other (id)")
    take_snapshot(device, now=timezone.now())
    assert ResultCopy.objects.get().whole_as_of is None


def test_a_run_that_nobody_saw_end_is_proven_by_a_pull(pull, database, device):
    """Without one it is unproven: it has no stop row."""
    pull()
    facts = sqlite_facts(device)
    assert (facts.copy_count, facts.unproven, facts.behind, facts.missing) == (1, (), (), ())


def test_a_growing_run_is_behind_since_the_pull_and_not_since_its_newest_row(
    pull, database, device, experiment
):
    Experiment.objects.update(growing=True, changed_at=timezone.now())
    pull()
    (lagging,) = sqlite_facts(device).lagging
    assert lagging.since == ResultCopy.objects.get().proven_at


def test_what_nobody_saw_change_is_not_asked_for_again(pull, database, card):
    pull()
    run = pull()
    assert (run.numbers["settled"], run.numbers["databases"]) == (1, [])


@pytest.mark.parametrize("is_known", [True, False], ids=["settled", "nothing listed"])
@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ({"SSH_PORT": 1}, "Connection refused"),
        ({"SSH_USER": "nobody-here"}, "setup --keys"),
    ],
)
def test_with_nothing_to_fetch_a_run_that_reached_nobody_fails(
    pull, database, settings, is_known, trouble, reason
):
    pull()
    if not is_known:
        Experiment.objects.all().delete()
    for name, value in trouble.items():
        setattr(settings, name, value)
    run = pull()
    assert run.state == "failed"
    assert reason in run.error


def test_another_host_key_names_the_button(pull, database, device, settings):
    other = ensure_key(settings.SSH_KNOWN_HOSTS.with_name("other_key"))
    settings.SSH_KNOWN_HOSTS.write_text(f"{device.device_id} {other}\n")
    run = pull()
    assert "Forget its ssh key" in run.error
    assert "SHA256:" in run.error
    assert "@@@" not in run.error


@pytest.mark.parametrize("touch", [Path.touch, lambda path: recorder_write(path)])
def test_what_somebody_wrote_since_is_settled_no_more(
    pull, database, device, experiment, settings, touch
):
    """Before any look at the disk: what is stored of the file is old."""
    pull()
    touch(place_of(settings.RESULTS_DIR, device, experiment))
    assert pull().numbers["databases"][0]["changed"]


def recorder_write(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 7")


def test_another_program_that_writes_our_copy_is_named(
    pull, database, device, experiment, settings
):
    pull()
    recorder_write(place_of(settings.RESULTS_DIR, device, experiment))
    assert sqlite_facts(device).findings == ()
    pull()
    (finding,) = sqlite_facts(device).findings
    assert "another program wrote this copy" in finding
    Experiment.objects.update(changed_at=timezone.now())
    pull()
    assert sqlite_facts(device).findings == ()


def test_a_run_of_ours_that_broke_off_accuses_nobody(
    pull, database, device, experiment, settings, a_run
):
    pull()
    recorder_write(place_of(settings.RESULTS_DIR, device, experiment))
    a_run(kind=RunKind.PULL_RESULTS, state="failed", ended_at=timezone.now())
    pull()
    assert sqlite_facts(device).findings == ()


def test_what_grew_since_is_pulled_again(pull, database, device, experiment, settings):
    pull()
    recorder.write(database, 50)
    Experiment.objects.update(changed_at=timezone.now())
    pull()
    copy = place_of(settings.RESULTS_DIR, device, experiment)
    assert recorder.state_of(copy)[0] == [250, 250, 250]


def test_after_a_day_it_is_looked_at_again_and_not_copied(pull, database):
    pull()
    ResultCopy.objects.update(proven_at=timezone.now() - timedelta(days=1))
    (row,) = pull().numbers["databases"]
    assert row["changed"] is False
    assert timezone.now() - ResultCopy.objects.get().proven_at < timedelta(minutes=5)


def test_the_device_says_where_it_keeps_a_run_of_an_older_name(
    pull, card, device, experiment, settings
):
    there = place_of(card / "elsewhere", device, experiment, name="ETHOSCOPE_007")
    there.parent.mkdir(parents=True)
    Experiment.objects.update(path=str(there))
    with closing(recorder.begin(there)):
        assert pull().state == "succeeded"
    assert place_of(settings.RESULTS_DIR, device, experiment, name="ETHOSCOPE_007").exists()


@pytest.mark.parametrize(
    "told",
    ["/x/OTHER/../../../y/{stamp}/{file}", "relative/{file}", "/a/b/-rf/{stamp}/{file}", "/{file}"],
)
def test_a_path_that_cannot_be_trusted_leads_nowhere_else(
    pull, card, experiment, settings, device, told
):
    Experiment.objects.update(path=told.format(stamp=STAMP, file=experiment.filename))
    pull()
    outside = [p for p in settings.RESULTS_DIR.iterdir() if p.name != device.device_id]
    assert outside == []


def test_one_bad_database_keeps_no_other_from_coming(
    pull, database, card, device, experiment, now, settings
):
    torn = listed(device, now=now, stamp="2026-02-02_03-04-05")
    there = place_of(card / "results", device, torn)
    there.parent.mkdir(parents=True)
    there.write_bytes(b"no database at all")
    run = pull()
    assert run.state == "failed"
    assert torn.filename in run.error
    assert place_of(settings.RESULTS_DIR, device, experiment).exists()
    assert not place_of(settings.RESULTS_DIR, device, torn).exists()


def linked(place):
    place.symlink_to(place.with_name("elsewhere.db"))


def in_the_way(place):
    place.with_name(f".{place.name}.pull").write_bytes(b"")


@pytest.mark.parametrize("harm", [linked, Path.mkdir, in_the_way])
def test_what_is_wrong_with_the_place_of_one_copy_keeps_no_other_from_coming(
    pull, database, card, device, experiment, now, settings, harm
):
    bad = listed(device, now=now, stamp="2026-02-02_03-04-05")  # its turn comes first
    there = place_of(card / "results", device, bad)
    there.parent.mkdir(parents=True)
    recorder.begin(there).close()
    here = place_of(settings.RESULTS_DIR, device, bad)
    here.parent.mkdir(parents=True)
    harm(here)
    run = pull()
    assert (run.state, bad.filename in run.error) == ("failed", True)
    assert place_of(settings.RESULTS_DIR, device, experiment).exists()


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        (LocalFull("no space left on device"), 1),
        *((kind("why"), 2) for kind in (LocalFailed, LocalBusy, LocalCorrupt, LocalClosed)),
    ],
)
def test_only_a_full_disk_ends_the_run(
    pull, database, device, experiment, now, monkeypatch, error, asked
):
    listed(device, now=now, stamp="2026-02-02_03-04-05")
    names = []

    def fails(target, *, destination, **others):
        names.append(destination.name)
        raise error

    monkeypatch.setattr("backups.services.runs.pull_results.pull_database", fails)
    run = pull()
    assert (run.state, str(error) in run.error) == ("failed", True)
    assert len(names) == asked
    assert asked == 1 or all(name in run.error for name in names)


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"filename": "../../../evil.db"}, "is no file name of an experiment"),
        ({"path": "/data/-rf/x/y.db"}, "cannot be the name of a folder"),
        ({"path": "/../ETHOSCOPE_007/x/y.db"}, "cannot be part of a path"),
        ({"path": "/$(reboot)/ETHOSCOPE_007/x/y.db"}, "the copy has the name"),
    ],
)
def test_a_hostile_name_keeps_no_other_from_coming(
    pull, database, device, experiment, now, settings, told, error
):
    hostile = listed(device, now=now, stamp="2026-02-02_03-04-05")
    Experiment.objects.filter(pk=hostile.pk).update(**told)
    run = pull()
    assert run.state == "failed"
    assert error in run.error
    assert place_of(settings.RESULTS_DIR, device, experiment).exists()


def test_a_file_that_is_gone_from_the_device_fails_no_run(pull, database, device, now):
    gone = listed(device, now=now, stamp="2026-02-02_03-04-05")
    run = pull()
    notes = {row["filename"]: row["note"] for row in run.numbers["databases"]}
    assert run.state == "succeeded"
    assert "no such file" in notes[gone.filename]


def test_an_experiment_without_a_row_is_saved_all_the_same(pull, database, device):
    """A bad arena gives one a day: the same on both sides, it lacks nothing."""
    database.executescript("DELETE FROM VAR_MAP; DROP TABLE ROI_1; DROP TABLE ROI_2")
    assert pull().state == "succeeded"
    facts = sqlite_facts(device)
    assert (facts.has_problems, facts.proofs) == (False, {"equal": 1})


def test_a_database_without_tables_waits(pull, database, settings):
    names = ("METADATA", "VAR_MAP", "ROI_MAP", "ROI_1", "ROI_2")
    database.executescript("".join(f"DROP TABLE {name};" for name in names))
    assert pull().state == "waiting"
    assert list(settings.RESULTS_DIR.rglob("*.db")) == []


def test_a_device_that_does_not_know_our_key_needs_a_person(pull, database, settings, tmp_path):
    settings.SSH_KEY_FILE = tmp_path / "own" / "key"
    run = pull()
    assert "does not take our ssh key" in run.error
    assert not Run.objects.filter(state="queued").exists()


def test_another_host_key_is_refused_in_words(pull, database, device, settings):
    pull()
    known = settings.SSH_KNOWN_HOSTS.read_text().split()
    forged = "AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
    settings.SSH_KNOWN_HOSTS.write_text(f"{known[0]} ssh-ed25519 {forged}\n")
    ResultCopy.objects.all().delete()
    run = pull()
    assert "another ssh key than before" in run.error
    assert run.state == "failed"


def test_a_device_that_is_off_is_tried_again(pull, database, settings):
    settings.SSH_PORT = 1
    pull()
    assert Run.objects.get(state="queued").attempt == 2


def test_a_lost_mount_is_not_written_to(pull, database, settings, device, now):
    pull()
    with suppress(FileNotFoundError):
        for path in sorted(settings.RESULTS_DIR.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    run = pull()
    assert "not mounted" in run.error
    assert list(settings.RESULTS_DIR.iterdir()) == []


def test_the_copy_of_a_verdict_is_the_one_that_was_pulled(pull, database, device):
    pull()
    assert ResultCopy.objects.get().state == CopyState.USABLE


@pytest.mark.parametrize("is_known", [False, True], ids=["copied", "unchanged"])
def test_a_pull_proves_the_file_that_it_left_and_not_what_lies_there_afterwards(
    pull, database, device, experiment, settings, monkeypatch, is_known
):
    """Another program writes the copy between the pull and the word of it."""
    path = place_of(settings.RESULTS_DIR, device, experiment)
    if is_known:
        pull()
        ResultCopy.objects.update(proven_at=timezone.now() - timedelta(days=2))

    def pulled_and_written(*args, **options):
        done = pull_database(*args, **options)
        recorder_write(path)
        return done

    monkeypatch.setattr("backups.services.runs.pull_results.pull_database", pulled_and_written)
    assert pull().state == "succeeded"
    assert ResultCopy.objects.get().whole_as_of is None
    assert sqlite_facts(device).proofs == {}


@pytest.mark.parametrize(
    "found",
    [{"damage": "malformed"}, {"damage": ROTTEN}, {"state": CopyState.CORRUPT}],
    ids=["malformed", "rotten", "unreadable"],
)
def test_a_damaged_copy_is_made_anew_by_the_next_pull_and_kept_aside(pull, database, device, found):
    """Though nothing is new on the device, and the file here is as a pull once left it."""
    pull()
    ResultCopy.objects.update(damaged_at=timezone.now(), **found)
    (report,) = pull().numbers["databases"]
    assert report["changed"]
    assert "corrupt" in report["kept"][0]
    copy = ResultCopy.objects.get()
    assert (copy.damage, copy.state) == ("", CopyState.USABLE)
    assert copy.whole_as_of is not None


@pytest.fixture
def fewer(pull, database):
    """The device lost rows that are here; a pull was refused."""
    pull()
    database.execute("DELETE FROM ROI_2 WHERE id > 100")
    Experiment.objects.update(changed_at=timezone.now())
    return pull()


def test_fewer_rows_are_refused_and_the_page_of_the_device_says_what_to_press(fewer, device, pull):
    assert (fewer.state, CURE in fewer.error) == ("failed", True)
    assert "ROI_2 100 < 200" in ResultCopy.objects.get().refused
    assert any(CURE in finding for finding in sqlite_facts(device).findings)
    assert pull().state == "failed"  # for as long as nobody acts


def test_the_devices_fewer_rows_come_when_a_person_lets_them_and_ours_are_kept(
    fewer, pull, device, experiment, settings
):
    copy = place_of(settings.RESULTS_DIR, device, experiment)
    ours = copy.read_bytes()
    give_way(ResultCopy.objects.get(), now=timezone.now())
    assert copy.read_bytes() == ours  # until the device's has come
    assert any("as a person asked" in finding for finding in sqlite_facts(device).findings)
    run = pull()
    assert (run.state, run.error) == ("succeeded", "")
    assert recorder.state_of(copy) == ([200, 200, 100], "ok")
    (kept,) = run.numbers["databases"][0]["kept"]
    assert kept.startswith(f"{copy.name}.more-rows-")
    assert copy.with_name(kept).read_bytes() == ours
    row = ResultCopy.objects.get()
    assert (row.refused, row.gives_way_at, row.damage) == ("", None, "")
    assert sqlite_facts(device).findings == ()
    assert row.whole_as_of is not None


def test_a_person_lets_it_come_once(fewer, pull, database):
    give_way(ResultCopy.objects.get(), now=timezone.now())
    pull()
    database.execute("DELETE FROM ROI_2 WHERE id > 50")
    Experiment.objects.update(changed_at=timezone.now())
    assert (pull().state, "ROI_2 50 < 100" in pull().error) == ("failed", True)


def test_a_permit_replaces_nothing_by_a_device_that_cannot_be_copied(
    fewer, pull, database, device, experiment, settings
):
    copy = place_of(settings.RESULTS_DIR, device, experiment)
    ours = copy.read_bytes()
    give_way(ResultCopy.objects.get(), now=timezone.now())
    database.execute("DROP TABLE ROI_MAP")
    assert pull().state == "failed"
    assert copy.read_bytes() == ours
    assert ResultCopy.objects.get().gives_way_at is not None


def test_what_the_device_has_again_needs_no_permit_any_more(fewer, pull, database, device):
    recorder.write(database, 0)
    database.execute("INSERT INTO ROI_2 (id) SELECT id FROM ROI_1 WHERE id > 100")
    Experiment.objects.update(changed_at=timezone.now())
    assert pull().state == "succeeded"
    assert ResultCopy.objects.get().refused == ""
