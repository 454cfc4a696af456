"""A copy that is away for a look, or moves, keeps what is known of it: absence refutes nothing."""

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from backups.engine.copies import inspect
from backups.models import ExperimentState, ResultCopy
from backups.services.proofs import store_proof, store_reading
from backups.services.results import ROTTEN, read_results
from backups.services.snapshots import take_snapshot

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
HISTORY = [
    "pk", "first_seen_at", "fingerprint", "best_rows", "was_finished", "damage", "damaged_at",
    "digest", "digest_fingerprint", "verified_at", "verified_fingerprint", "proven_at",
    "proven_fingerprint", "source_mark", "doubt",
]  # fmt: skip


@pytest.fixture
def folder(settings, tmp_path, device):
    settings.RESULTS_DIR = tmp_path / "results"
    (settings.RESULTS_DIR / "another device").mkdir(parents=True)
    return settings.RESULTS_DIR / device.device_id


@pytest.fixture
def run(folder, device):
    def make(*, place="ETHOSCOPE_019", name="a.db"):
        path = folder / place / "r" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.executescript(
                "CREATE TABLE METADATA (field TEXT, value TEXT);"
                "CREATE TABLE VAR_MAP AS SELECT 'x' AS var_name;"
                "CREATE TABLE ROI_MAP AS SELECT 1 AS roi_idx;"
                "CREATE TABLE ROI_1 (id INTEGER PRIMARY KEY, t INTEGER);"
                "INSERT INTO METADATA VALUES ('date_time', '1795345597');"
                "INSERT INTO METADATA VALUES ('stop_date_time', '1795345697');"
                "INSERT INTO ROI_1 VALUES (1, 1), (2, 2), (3, 3);"
            )
            database.execute("INSERT INTO METADATA VALUES ('machine_id', ?)", [device.device_id])
        return path

    return make


def look(device, at):
    return {copy.path.split("/", 1)[1]: copy for copy in read_results(device, now=at).copies}


def only(device, at):
    (copy,) = look(device, at).values()
    return copy


def history(copy):
    return {name: getattr(copy, name) for name in HISTORY}


def sql(path, text):
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(text)


def rot(device, path, at):
    """Its content changed, though nobody wrote it."""
    copy = only(device, at)
    sound = inspect(path, latest=at, deeply=True)
    store_reading(copy, sound, digest="as it was", now=at)
    assert store_reading(copy, sound, digest="another", now=at) == ROTTEN


def shrink(device, path, at):
    sql(path, "DELETE FROM ROI_1 WHERE id = 3")
    assert "ROI_1" in only(device, at).damage


def lose_the_stop(device, path, at):
    sql(path, "DELETE FROM METADATA WHERE field = 'stop_date_time'")
    assert "stop" in only(device, at).damage


HARM = [rot, shrink, lose_the_stop]


def put_back(aside, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    return aside.rename(path)


def put_elsewhere(aside, path):
    return put_back(aside, path.parents[2] / "elsewhere" / "r" / path.name)


def put_back_as_another_file(aside, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    return shutil.copyfile(aside, path)


@pytest.mark.parametrize("back", [put_back, put_elsewhere, put_back_as_another_file])
@pytest.mark.parametrize("looks_away", [0, 1, 2])
@pytest.mark.parametrize("harm", HARM)
def test_bad_news_outlast_the_absence_of_a_copy(device, run, now, tmp_path, harm, looks_away, back):
    path = run()
    look(device, now)
    harm(device, path, now + MINUTE)
    before = only(device, now + MINUTE)
    assert before.damage
    aside = path.rename(tmp_path / "aside")
    for minutes in range(looks_away):
        assert look(device, now + (2 + minutes) * MINUTE) == {}
    back(aside, path)
    for minutes in (5, 6):
        after = only(device, now + minutes * MINUTE)
        assert (after.damage, after.damaged_at) == (before.damage, before.damaged_at)
        assert (after.best_rows, after.was_finished) == (before.best_rows, before.was_finished)
        assert after.pk == before.pk
    found = take_snapshot(device, now=now + 7 * MINUTE)
    assert [problem.name for one in found for problem in one.facts.corrupt] == ["a.db"]


def test_what_comes_back_smaller_than_it_ever_was_has_shrunk(device, run, now):
    path = run()
    look(device, now)
    path.unlink()
    assert look(device, now + MINUTE) == {}
    sql(run(place="elsewhere"), "DELETE FROM ROI_1 WHERE id > 1")
    assert "ROI_1" in only(device, now + 2 * MINUTE).damage


def test_a_copy_that_comes_back_whole_is_good_again(device, run, now):
    path = run()
    look(device, now)
    shrink(device, path, now + MINUTE)
    path.unlink()
    look(device, now + 2 * MINUTE)
    run()
    assert only(device, now + 3 * MINUTE).damage == ""


def prove(device, path, folder, now):
    """As a pull and a verification do."""
    copy = only(device, now)
    store_reading(copy, inspect(path, latest=now, deeply=True), digest="aa", now=now)
    place = path.relative_to(folder.parent)
    store_proof(
        device, place, fingerprint=copy.fingerprint, whole=True, proven_at=now, now=now,
        source_mark="mark",
    )  # fmt: skip
    copy = only(device, now)
    assert None not in {copy.whole_as_of, copy.read_whole_at}
    assert copy.digest_fingerprint == copy.fingerprint
    return history(copy)


@pytest.mark.parametrize("looks_away", [0, 1])
@pytest.mark.parametrize("name", ["ETHOSCOPE_019", "renamed"])
def test_the_same_file_keeps_its_proofs_wherever_its_folder_goes(
    device, run, now, folder, tmp_path, looks_away, name
):
    path = run()
    before = prove(device, path, folder, now)
    path.parents[1].rename(tmp_path / "aside")
    for _ in range(looks_away):
        assert look(device, now + MINUTE) == {}
    (tmp_path / "aside").rename(folder / name)
    found = look(device, now + 2 * MINUTE)
    assert list(found) == [f"{name}/r/a.db"]
    assert history(found[f"{name}/r/a.db"]) == before


def test_another_file_of_that_name_keeps_no_proof_of_what_is_gone(device, run, now, folder):
    before = prove(device, run(), folder, now)
    shutil.rmtree(folder / "ETHOSCOPE_019")
    look(device, now + MINUTE)
    run(place="elsewhere")
    after = only(device, now + 2 * MINUTE)
    assert (after.pk, after.whole_as_of) == (before["pk"], None)
    assert after.digest_fingerprint != after.fingerprint
    assert after.read_whole_at == now + 2 * MINUTE


def test_who_is_away_is_seen_by_nobody(device, run, now):
    path = run()
    look(device, now)
    take_snapshot(device, now=now)
    path.unlink()
    look(device, now + MINUTE)
    assert not ResultCopy.objects.exists()
    assert not device.copies.exists()
    assert not ExperimentState.objects.exclude(copy=None).exists()
    assert ResultCopy.ever.get().gone_at == now + MINUTE


def test_each_of_two_copies_of_a_name_keeps_its_own_past(device, run, now, folder, tmp_path):
    """They change places, and a third one comes, while nobody looks."""
    paths = {name: run(place=name) for name in ("one", "two")}
    before = look(device, now)
    sql(paths["two"], "DELETE FROM ROI_1 WHERE id = 3")
    look(device, now + MINUTE)
    for name in paths:
        (folder / name).rename(tmp_path / name)
    assert look(device, now + 2 * MINUTE) == {}
    (tmp_path / "one").rename(folder / "two")
    (tmp_path / "two").rename(folder / "one")
    run(place="a third one")
    after = look(device, now + 3 * MINUTE)
    assert [after[f"{name}/r/a.db"].pk for name in ("two", "one")] == [
        before[f"{name}/r/a.db"].pk for name in ("one", "two")
    ]
    assert [bool(after[f"{name}/r/a.db"].damage) for name in ("one", "two", "a third one")] == [
        True, False, False,
    ]  # fmt: skip
    assert look(device, now + 4 * MINUTE).keys() == after.keys()


def test_a_file_that_takes_the_place_of_one_that_is_gone_keeps_its_own_past(
    device, run, now, folder
):
    paths = {name: run(place=name) for name in ("one", "two")}
    before = look(device, now)
    sql(paths["two"], "DELETE FROM ROI_1 WHERE id = 3")
    look(device, now + MINUTE)
    shutil.rmtree(folder / "two")
    look(device, now + 2 * MINUTE)
    (folder / "one").rename(folder / "two")
    after = only(device, now + 3 * MINUTE)
    assert (after.pk, after.damage) == (before["one/r/a.db"].pk, "")
    gone = ResultCopy.ever.exclude(gone_at=None).get()
    assert (gone.pk, bool(gone.damage)) == (before["two/r/a.db"].pk, True)
