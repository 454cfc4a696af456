"""Backups made here of the simulated lab's open devices: all that they have is here afterwards."""

import sqlite3
from contextlib import closing

import pymysql
import pytest
from django.utils import timezone

from backups.engine.pull import ensure_key
from backups.models import RunKind, RunTrigger
from backups.services import runs
from devices.models import Device
from lab.fleet import Habit
from lab.schema import PLAIN_TABLES, id_tables
from lab.server import Lab
from lab.servers.processes import own_account
from tests.backups.cycles import cycle, lab_now, verdicts
from tests.loader import load_metadata

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]
TABLES = [*id_tables(), *PLAIN_TABLES]


@pytest.fixture
def lab(settings, tmp_path):
    settings.SSH_KEY_FILE = tmp_path / "ssh" / "key"
    public = tmp_path / "key.pub"
    public.write_text(ensure_key(settings.SSH_KEY_FILE))
    options = {"devices": 5, "chunks": 20, "restless": False}
    with Lab(tmp_path / "lab", open_devices=5, authorized_key=public, **options) as running:
        settings.SSH_USER, settings.SSH_PORT = own_account(), running.ssh_port
        settings.SSH_KNOWN_HOSTS = tmp_path / "known_hosts"
        settings.MYSQL_PORT = running.database_port
        settings.DEVICE_DATA_ROOT = tmp_path / "lab" / "devices"
        yield running


@pytest.fixture
def back_up(lab):
    """Make one backup of a device of that kind here; gives the device and the run as it ended."""
    cycle(lab_now(lab))

    def back_up(kind, run_kind):
        found = next(device for device in lab.devices if device.kind is kind)
        device = Device.objects.get(device_id=found.device_id)
        run = runs.request_run(device, run_kind, trigger=RunTrigger.PERSON, now=timezone.now())
        run = runs.perform(run.pk, clock=timezone.now)
        assert (run.state, run.error) == ("succeeded", "")
        return found, run

    return back_up


def rows_here(path):
    with closing(sqlite3.connect(path)) as copy:
        return {table: rows_of(copy.execute(f"SELECT * FROM {table}")) for table in TABLES}  # noqa: S608


def rows_there(lab, device):
    login = {"host": device.address, "port": lab.database_port, "user": "node", "password": "node"}
    with (
        pymysql.connect(**login, database=device.run.database_name) as connection,
        connection.cursor() as cursor,
    ):
        return {table: asked(cursor, table) for table in TABLES}


def asked(cursor, table):
    cursor.execute(f"SELECT * FROM {table}")  # noqa: S608
    return rows_of(cursor.fetchall())


def rows_of(rows):
    """As a set of texts; FLOAT is told with fewer digits than it has."""
    return sorted(
        repr([f"{value:.3f}" if isinstance(value, float) else value for value in row])
        for row in rows
    )


def files_below(folder):
    return {
        str(path.relative_to(folder)): (path.read_bytes(), int(path.stat().st_mtime))
        for path in folder.rglob("*")
        if path.is_file()
    }


def green(kinds):
    return set(kinds.values()) <= {"protected", "none"}


@pytest.mark.by_turns
def test_runs_bring_all_that_open_devices_hold_and_turn_them_green(lab, back_up, settings):
    before = verdicts(lab_now(lab))
    tracking = {device.name for device in lab.devices if device.runs}
    assert {name for name, kinds in before.items() if not green(kinds)} >= tracking
    device, run = back_up(Habit.MYSQL, RunKind.MIRROR)
    assert rows_here(lab.results_dir / device.run.path) == rows_there(lab, device)
    assert run.numbers["rows_added"] > 100_000
    assert load_metadata(lab.results_dir / device.run.path)["machine_name"] == device.name
    for kind in (Habit.SQLITE, Habit.OLD, Habit.IDLE):
        device, _ = back_up(kind, RunKind.PULL_RESULTS)
        for past in device.runs:
            assert rows_here(lab.results_dir / past.path) == rows_here(past.source_path)
            assert load_metadata(lab.results_dir / past.path)["machine_id"] == device.device_id
    for kind in (Habit.VIDEO, Habit.OLD, Habit.IDLE):
        device, run = back_up(kind, RunKind.PULL_VIDEOS)
        card = settings.DEVICE_DATA_ROOT / "videos" / device.device_id
        assert files_below(lab.videos_dir / device.device_id) == files_below(card)
        assert 0 < run.numbers["files_added"] < 20
    for kind in (Habit.MYSQL, Habit.SQLITE):  # only their cards tell that these have none
        back_up(kind, RunKind.LIST_CARD)
    cycle(timezone.now())
    after = verdicts(timezone.now())
    assert [name for name, kinds in after.items() if not green(kinds)] == []


@pytest.mark.by_turns
def test_cards_of_open_devices_say_nothing_against_what_was_pulled(lab, back_up):
    for kind in (Habit.SQLITE, Habit.OLD, Habit.IDLE):
        device, _ = back_up(kind, RunKind.PULL_RESULTS)
        back_up(kind, RunKind.PULL_VIDEOS)
        _, run = back_up(kind, RunKind.LIST_CARD)
        assert (run.numbers["unread"], run.numbers["new_experiments"]) == ([], 0)
        cycle(timezone.now())
        assert green(verdicts(timezone.now())[device.name])


def test_other_files_of_a_card_come_wherever_they_lie_on_it(lab, back_up, settings):
    device = back_up(Habit.IDLE, RunKind.LIST_CARD)[0]
    names = ["notes.txt", "upload/masks/mine.json", f"results/{'0' * 32}/E/other.sql"]
    for name in names:
        path = lab.results_dir.parent / "cards" / f"{device.number:03d}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    back_up(Habit.IDLE, RunKind.PULL_FILES)
    here = settings.CARDS_DIR / device.device_id
    assert [(here / name).read_text() for name in names] == names


@pytest.mark.by_turns
def test_what_grew_comes_with_the_next_run(lab, back_up):
    back_up(Habit.VIDEO, RunKind.PULL_VIDEOS)
    back_up(Habit.MYSQL, RunKind.MIRROR)
    lab.tick(400)
    _, run = back_up(Habit.VIDEO, RunKind.PULL_VIDEOS)
    assert (run.numbers["files_added"], run.numbers["files_grown"]) == (1, 1)
    device, run = back_up(Habit.MYSQL, RunKind.MIRROR)
    assert run.numbers["rows_added"] > 500
    assert rows_here(lab.results_dir / run.path) == rows_there(lab, device)
