"""A mirror as a run: to the place that readers know, and with an end that says what happened."""

import shutil
from collections import namedtuple
from datetime import timedelta

import pytest
from django.core import serializers
from django.utils import timezone

from backups.engine.mirror.errors import SourceChanged
from backups.models import ResultCopy, Run
from backups.services import runs
from backups.services.runs.mirror import SameExperiment
from backups.services.snapshots import take_snapshot
from devices.models import Device, Experiment
from tests.engine.mirror.device import differing_tables

pytestmark = pytest.mark.django_db
Usage = namedtuple("Usage", "total used free")


def everything_stored():
    return "".join(serializers.serialize("json", Run.objects.all()))


def test_a_mirror_lies_where_readers_look(do, database, copy):
    run = do()
    assert (run.state, run.error) == ("succeeded", "")
    assert differing_tables(database, copy) == []


def test_what_was_proven_is_kept_as_numbers(do, database, copy, settings):
    run = do()
    tables = {table["table"]: table for table in run.numbers["tables"]}
    assert tables["ROI_1"]["max_key_here"] == 100
    assert run.numbers["complete"] is True
    assert settings.RESULTS_DIR / run.path == copy
    assert "copying" in run.log


def test_the_next_look_at_the_disk_finds_the_copy(do, database, device, experiment, now):
    do()
    take_snapshot(device, now=now)
    assert [row.state for row in ResultCopy.objects.all()] == ["usable"]


def test_a_second_run_adds_what_is_new(do, database, copy):
    do()
    database.track(1, first=101, last=120)
    assert do().numbers["rows_added"] == 20
    assert differing_tables(database, copy) == []


def compared_whole(run, table):
    [told] = [told for told in run.numbers["tables"] if told["table"] == table]
    return told["windows"] == told["windows_total"] > 1


@pytest.mark.parametrize("doubt", [{"damage": "flipped"}, {"doubt": "ROI_1 differs"}])
def test_a_copy_that_somebody_doubts_is_held_whole_though_nobody_wrote_to_it(
    do, database, device, now, doubt
):
    database.track(1, first=101, last=9000)
    do()
    assert not compared_whole(do(), "ROI_1")
    ResultCopy.objects.update(**doubt)
    assert compared_whole(do(), "ROI_1")


def test_a_file_name_comes_from_the_list_where_the_database_has_none(
    do, database, experiment, copy
):
    database.run("DELETE FROM METADATA WHERE field = 'backup_filename'")
    assert do().state == "succeeded"
    assert copy.is_file()


def test_another_run_begun_meanwhile_does_not_take_the_place_of_this_one(database, filename):
    source = SameExperiment(source=database.source(), filename=filename)
    database.run("UPDATE METADATA SET value = 'next.db' WHERE field = 'backup_filename'")
    with pytest.raises(SourceChanged), source.snapshot(lambda: False):
        pytest.fail("the rows of another run would go into this file")


def test_a_run_that_nobody_names_fails_and_says_so(do, database):
    database.run("DELETE FROM METADATA WHERE field = 'backup_filename'")
    assert "neither the database nor the device" in do().error


def test_a_wrong_password_is_told_in_words_and_shown_nowhere(
    do, database, settings, caplog, capsys
):
    settings.MYSQL_PASSWORD = "correct-horse-battery"
    run = do()
    assert run.state == "failed"
    assert "refused user name or password" in run.error
    shown = everything_stored() + caplog.text + "".join(capsys.readouterr()) + repr(vars(run))
    assert "correct-horse" not in shown


def test_what_only_a_person_can_settle_is_not_tried_again(do, database, settings):
    settings.MYSQL_PASSWORD = "wrong"
    do()
    assert Run.objects.count() == 1


def test_a_device_that_is_off_is_tried_again_after_a_pause(do, database, settings):
    settings.MYSQL_PORT = 1
    run = do()
    again = Run.objects.get(state="queued")
    assert "no server answers" in run.error
    assert again.attempt == 2
    assert again.not_before > run.ended_at


def test_a_device_that_just_begins_waits_and_leaves_no_file(do, database, settings):
    database.run("DELETE FROM METADATA", "DELETE FROM VAR_MAP")
    Experiment.objects.create(
        device=Device.objects.get(), writer="mysql", filename="2026-01-02_03-04-05_x.db",
        first_seen_at=timezone.now(), listed_at=timezone.now(),
    )  # fmt: skip
    run = do()
    assert run.state == "waiting"
    assert "what it is" in run.error
    assert list(settings.RESULTS_DIR.iterdir()) == []


def test_a_waiting_run_goes_on_when_the_rows_are_there(do, database):
    database.run("CREATE TABLE kept AS SELECT * FROM VAR_MAP", "DROP TABLE VAR_MAP")
    assert do().state == "waiting"
    database.run("CREATE TABLE VAR_MAP AS SELECT * FROM kept")
    assert do().state == "succeeded"
    assert Run.objects.count() == 1


def test_a_copy_that_lacks_a_table_is_no_success(do, database, as_root, settings):
    settings.MYSQL_USER, settings.MYSQL_PASSWORD = "partial", "partial"
    database.run("CREATE OR REPLACE USER partial@'%' IDENTIFIED BY 'partial'")
    for table in database.tables():
        if table != "ROI_2":
            database.run(f"GRANT SELECT ON `{database.database}`.`{table}` TO partial@'%'")
    database.run(f"GRANT SELECT (id) ON `{database.database}`.ROI_2 TO partial@'%'")
    run = do()
    assert run.state == "failed"
    assert "not whole" in run.error
    assert run.numbers["complete"] is False


def test_nothing_starts_on_a_full_disk(do, database, settings, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1000, 950, 50))
    run = do()
    assert run.state == "failed"
    assert "95 % full" in run.error
    assert list(settings.RESULTS_DIR.iterdir()) == []


def test_a_run_stops_when_the_disk_fills_up(ask, database, monkeypatch, clock):
    looks = iter([Usage(1000, 900, 100)])
    full = Usage(1000, 960, 40)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: next(looks, full))
    clock.step = timedelta(seconds=3)
    run = runs.perform(ask().pk, clock=clock.look)
    assert run.state == "failed"
    assert "96 % full" in run.error


def test_results_that_are_not_mounted_are_no_place(do, database, settings):
    settings.RESULTS_DIR.rmdir()
    assert "is it mounted?" in do().error
    assert not settings.RESULTS_DIR.exists()


def test_an_empty_folder_where_copies_were_is_a_lost_mount(do, database, device, settings, now):
    do()
    take_snapshot(device, now=now)
    shutil.rmtree(settings.RESULTS_DIR)
    settings.RESULTS_DIR.mkdir()
    assert "not mounted?" in do().error
    assert list(settings.RESULTS_DIR.iterdir()) == []


@pytest.mark.parametrize(
    "filename",
    [
        "../../../../tmp/2026-01-02_03-04-05_0192.db",
        "2026-01-02_03-04-05_../../x.db",
        "2026-01-02_03-04-05_0192.db/..",
        "2026-01-02_03-04-05_0192.db\n",
        "/etc/passwd",
        "x" * 3000,
    ],
)
def test_a_hostile_file_name_leaves_the_tree_alone(do, database, settings, filename, tmp_path):
    database.run("DELETE FROM METADATA WHERE field = 'backup_filename'")
    database.insert("METADATA", ("backup_filename", filename))
    before = sorted(tmp_path.rglob("*"))
    run = do()
    assert run.state == "failed"
    assert "no file name of an experiment" in run.error
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["..", ".", "../x", "a/b", "/etc", "a\nb", "-rf", " x", ""])
def test_a_hostile_device_name_leaves_the_tree_alone(do, database, name, tmp_path):
    Device.objects.update(name=name)  # the only database there is counts as its own
    before = sorted(tmp_path.rglob("*"))
    run = do()
    assert run.state == "failed"
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_link_on_the_way_is_refused(do, database, copy, tmp_path, depth):
    outside = tmp_path / "outside"
    outside.mkdir()
    place = copy.parents[3 - depth]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(outside)
    run = do()
    assert "not a folder of its own" in run.error
    assert list(outside.iterdir()) == []
