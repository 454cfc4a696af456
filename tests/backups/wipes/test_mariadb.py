"""What the device's MariaDB holds is on the card, too."""

from datetime import timedelta

import pytest

from backups.models import ResultCopy, RunKind, WipeQuestion
from backups.services.wipes import reasons_of
from tests.engine.mirror.device import connected
from tests.servers import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture
def mirrored(card, database, voice, device, experiment, settings, do):
    """An experiment in MariaDB alone; its mirror was compared whole, and read again."""
    settings.CERTIFICATE_KEY_FILE = card.with_name("certificates") / "key"
    settings.RESULTS_DIR.mkdir(exist_ok=True)
    voice.told[f"/data/{device.device_id}"]["name"] = device.name
    device.address = f"127.0.0.1:{voice.port}"
    device.save()
    for kind in (RunKind.MIRROR, RunKind.VERIFY):
        done = do(kind)
        assert (done.state, done.error) == ("succeeded", "")
    return database


def test_what_was_mirrored_whole_may_go(mirrored, may_wipe):
    asked = may_wipe()
    assert reasons_of(asked) == ()
    assert (asked.answer, asked.item_count) == ("yes", 1)


def one_row_more(mirrored, settings):
    mirrored.run("INSERT INTO ROI_1 (id, t) VALUES (999999, 1)")


def a_table_more(mirrored, settings):
    mirrored.run("CREATE TABLE NOTES (id INT PRIMARY KEY AUTO_INCREMENT, t INT)")
    mirrored.run("INSERT INTO NOTES (t) VALUES (1)")


def it_does_not_answer(mirrored, settings):
    settings.MYSQL_PORT = free_port()


def it_lets_us_in_no_more(mirrored, settings):
    settings.MYSQL_PASSWORD = "another"


def another_experiment_is_in_it(mirrored, settings):
    mirrored.run("UPDATE METADATA SET value = 'other.db' WHERE field = 'backup_filename'")


def our_copy_is_gone(mirrored, settings):
    copy = ResultCopy.objects.get()
    (settings.RESULTS_DIR / copy.path).unlink()


def it_is_another_copy(mirrored, settings):
    copy = ResultCopy.objects.get()
    (settings.RESULTS_DIR / copy.path).touch()


def a_row_is_another_one(mirrored, settings):
    """Rewritten in place: no count tells."""
    mirrored.run("UPDATE ROI_1 SET x = x + 1 WHERE id = 1")


def a_row_of_its_metadata_is_another_one(mirrored, settings):
    mirrored.run("UPDATE METADATA SET value = 'x' WHERE field = 'sqlite_source_path'")


def one_row_went_and_one_came(mirrored, settings):
    """Highest id and count are as they were."""
    mirrored.run("DELETE FROM ROI_1 WHERE id = 3")
    mirrored.run("INSERT INTO ROI_1 (id, t) VALUES (3, 1)")


DEFECTS = [
    one_row_more, a_table_more, it_does_not_answer, it_lets_us_in_no_more,
    another_experiment_is_in_it, our_copy_is_gone, it_is_another_copy, a_row_is_another_one,
    a_row_of_its_metadata_is_another_one, one_row_went_and_one_came,
]  # fmt: skip


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.__name__)
def test_never_yes(mirrored, may_wipe, settings, defect):
    defect(mirrored, settings)
    asked = may_wipe()
    assert asked.answer in {"no", "unknown"}
    assert reasons_of(asked)


def test_a_mirror_that_believed_its_proof_is_made_whole_again(mirrored, may_wipe, do):
    """By turns a mirror compares a share only: what the question saw is asked for whole."""
    mirrored.run("UPDATE ROI_1 SET x = x + 1 WHERE id = 1")
    asked = may_wipe()
    assert [(one.remedy, "ROI_1" in one.lacks) for one in reasons_of(asked)] == [("mirror", True)]
    assert "ROI_1" in ResultCopy.objects.get().known_doubt
    do(RunKind.MIRROR)
    do(RunKind.VERIFY)
    asked = may_wipe()
    assert (asked.answer, reasons_of(asked)) == ("yes", ())


def test_rows_that_could_not_be_compared_in_time_are_no_yes(mirrored, may_wipe, monkeypatch):
    monkeypatch.setattr("backups.services.server_items.DEADLINE", timedelta(0))
    asked = may_wipe()
    (reason,) = reasons_of(asked)
    assert "could not be held against our copy" in reason.lacks
    assert not WipeQuestion.objects.exclude(answer="unknown").exists()


def test_a_second_database_counts(mirrored, mariadb, may_wipe):
    with connected(mariadb) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE kept_by_hand")
        cursor.execute("CREATE TABLE kept_by_hand.notes (id INT PRIMARY KEY, t INT)")
        try:
            asked = may_wipe()
        finally:
            cursor.execute("DROP DATABASE kept_by_hand")
    assert "MariaDB kept_by_hand" in {reason.item for reason in reasons_of(asked)}
    assert asked.answer == "no"
