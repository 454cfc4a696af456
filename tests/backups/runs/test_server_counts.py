"""A device's own MariaDB is asked how many rows an ended experiment has: by a real server."""

import time
from datetime import timedelta

import pytest

from backups.engine.facts import BackupType
from backups.models import ExperimentState
from backups.services.server_counts import ASK_AGAIN_AFTER, count_ended
from backups.services.snapshots import take_snapshot
from devices.models import Telling

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("database")]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def count(device, experiment, now):
    def count(*, at=now):
        count_ended(device, clock=time.monotonic, now=at)
        return Telling.objects.filter(final=True)

    return count


def test_every_table_is_counted_after_the_end(count, database, now):
    database.run("DELETE FROM ROI_2 WHERE id = 50", "CREATE TABLE `odd ``name` (v INT)")
    telling = count().get()
    assert (telling.told_at, telling.told_by) == (now, "server")
    assert telling.rows["ROI_1"] == [100, 100]
    assert telling.rows["ROI_2"] == [100, 99]
    assert telling.rows["VAR_MAP"] == [None, 2]
    assert telling.rows["odd `name"] == [None, 0]


def test_what_was_counted_is_not_asked_again_until_it_grows(count, experiment, now):
    count()
    assert count(at=now + ASK_AGAIN_AFTER).count() == 1
    experiment.changed_at = now + MINUTE
    experiment.save()
    assert count(at=now + 2 * ASK_AGAIN_AFTER).count() == 2


@pytest.mark.parametrize(
    "facts",
    [
        {"growing": True},
        {"written_off": True},
        {"writer": "sqlite"},
        {"gone_reason": "dropped", "gone_at": "2026-11-22 12:00:00+00:00"},
    ],
)
def test_only_what_has_ended_on_a_mariadb_is_asked_for(count, experiment, facts):
    type(experiment).objects.update(**facts)
    assert not count().exists()
    assert not ExperimentState.objects.exists()


@pytest.mark.parametrize("facts", [{"address": ""}, {"inventory_error": "timed out"}])
def test_a_device_that_does_not_answer_is_not_asked(count, device, facts):
    for name, value in facts.items():
        setattr(device, name, value)
    assert not count().exists()


def test_another_experiment_on_the_server_tells_nothing_of_this_one(count, database):
    database.run("UPDATE METADATA SET value = 'x.db' WHERE field = 'backup_filename'")
    assert not count().exists()
    assert ExperimentState.objects.get().ask_error == "its server holds x.db"


def test_a_table_that_cannot_be_counted_leaves_the_whole_uncounted(count, database):
    database.run("SET GLOBAL innodb_file_per_table=1")
    database.run("CREATE TABLE BAD (id INT PRIMARY KEY)", "ALTER TABLE BAD DISCARD TABLESPACE")
    database.run("SET GLOBAL innodb_file_per_table=0")
    assert not count().exists()
    assert "BAD" in ExperimentState.objects.get().ask_error


@pytest.fixture
def narrow(database, settings):
    """An account that may read table by table."""
    database.run("CREATE USER narrow@'%' IDENTIFIED BY 'n'")
    for table in database.tables():
        database.run(f"GRANT SELECT ON `{database.database}`.`{table}` TO narrow@'%'")
    settings.MYSQL_USER, settings.MYSQL_PASSWORD = "narrow", "n"
    yield
    database.run("DROP USER narrow@'%'")


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize(
    "change",
    [
        "GRANT SELECT ON {database}.ROI_1 TO narrow@'%'",  # sees all, and may not know it
        "REVOKE SELECT ON {database}.ROI_2 FROM narrow@'%'",  # the table is hidden
        "GRANT INSERT ON {database}.HIDDEN TO narrow@'%'",  # listed, and not to be read
        "GRANT SELECT (v) ON {database}.HIDDEN TO narrow@'%'",
    ],
)
def test_tables_that_the_account_may_not_see_leave_the_whole_uncounted(count, database, change):
    database.run(
        "CREATE TABLE HIDDEN (id INT PRIMARY KEY, v INT)",
        change.format(database=f"`{database.database}`"),
    )
    assert not count().exists()
    assert "the account may read single tables only" in ExperimentState.objects.get().ask_error


def test_a_table_whose_columns_the_server_does_not_tell_leaves_the_whole_uncounted(
    count, database, mariadb
):
    database.run("CREATE TABLE TORN (id INT PRIMARY KEY)", "FLUSH TABLES")
    [frm] = mariadb.socket_path.parent.rglob(f"{database.database}/TORN.frm")
    frm.write_bytes(b"\0" * 64)
    assert not count().exists()
    assert "TORN" in ExperimentState.objects.get().ask_error


def test_former_rows_that_only_the_server_has_leave_the_whole_uncounted(count, database):
    database.run(
        "CREATE TABLE T (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING",
        "INSERT INTO T (id, v) VALUES (1, 1)",
        "UPDATE T SET v = 2",
    )
    assert not count().exists()
    assert "former rows of T" in ExperimentState.objects.get().ask_error


def test_an_id_that_is_no_number_is_no_highest_one(count, database):
    database.run("CREATE TABLE T (id VARCHAR(9) PRIMARY KEY)", "INSERT INTO T VALUES ('nine')")
    assert count().get().rows["T"] == [None, 1]


def test_a_server_that_refuses_is_asked_again_after_a_pause(count, settings, now):
    settings.MYSQL_PASSWORD = "wrong"
    assert not count().exists()
    assert "refused user name or password" in ExperimentState.objects.get().ask_error
    settings.MYSQL_PASSWORD = "node"
    assert not count(at=now + ASK_AGAIN_AFTER - MINUTE).exists()
    assert count(at=now + ASK_AGAIN_AFTER).exists()


def test_a_clock_that_was_set_back_keeps_nobody_from_asking(count, settings, now):
    settings.MYSQL_PORT = 1
    count(at=now + timedelta(days=9))
    assert "no server answers" in ExperimentState.objects.get().ask_error
    count(at=now)
    assert ExperimentState.objects.get().asked_at == now


def mysql_facts(device, now):
    found = take_snapshot(device, now=now)
    return next(s.facts for s in found if s.backup.backup_type == BackupType.MYSQL)


def test_a_copy_is_proven_by_the_servers_count_and_by_nothing_less(
    device, experiment, do, database, copy, now
):
    do()  # a mirror; then the copy is touched, and its proof ends
    copy.touch()
    assert mysql_facts(device, now).proofs == {"counted": 1}


def test_why_nobody_counted_is_said(device, experiment, do, copy, settings, now):
    do()
    copy.touch()
    settings.MYSQL_PORT = 1
    (finding,) = mysql_facts(device, now).findings
    assert "no server answers" in finding
