"""GET and POST /device/<id>/backup: the recorded shape, and only what is on the disk is saved."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from backups.engine.facts import ProblemKind
from backups.engine.videos.names import recording_of
from backups.models import Backup, DamagedFile, ExperimentState, RecordingLedger, ResultCopy
from backups.services.videos import scan_videos
from devices.models import Device, Experiment
from tests.backups.api.shapes import keys, shape

pytestmark = pytest.mark.django_db
RECORDINGS = Path(__file__).parents[2] / "recordings"
RECORDED = [
    "t00_device11_backup_no_daemons",
    "t1_device11_backup_after_success",
    "t1_device12_backup_after_success",
    "t1_device12_backup_daemons_down",
    "t1_device12_backup_just_after_transfer",
    "t1_device14_backup_after_success",
    "t1_device15_backup_after_success",
    "t1_device15_backup_daemons_down",
    "t3_device11_backup_after_failed",
    "t3_device12_backup_during_job",
    "t3_device13_backup_offline",
    "t3_device15_backup_after_failed",
]
RUN = "2026-11-22_11-06-37_0192c3d4e5f60718293a4b5c6d7e8f90.db"
FOLDER = "ETHOSCOPE_019/2026-11-22_11-07-35"


@pytest.fixture
def told(client, device):
    return lambda: client.get(f"/device/{device.device_id}/backup").json()


@pytest.fixture
def run(device, now, take):
    """Make an experiment known, which a look just found saved, and no other."""

    def run(writer="sqlite", filename=RUN, **state):
        one = Experiment.objects.create(
            device=device,
            writer=writer,
            filename=filename,
            started_at=datetime(2026, 11, 22, 11, 6, 37, tzinfo=UTC),
            first_seen_at=now,
            listed_at=now,
        )
        ExperimentState.objects.create(experiment=one, looked_at=now, **state)
        take(device, writer)
        return one

    return run


@pytest.fixture
def copy(device, now):
    def copy(filename=RUN, **others):
        values = {
            "path": f"{device.device_id}/ETHOSCOPE_019/2026-11-22_11-06-37/{filename}",
            "size_bytes": 704_512,
            "state": "usable",
        }
        return ResultCopy.objects.create(
            device=device,
            filename=filename,
            modified_at=now,
            first_seen_at=now,
            inspected_at=now,
            **(values | others),
        )

    return copy


@pytest.fixture
def chunks(device, tmp_path, settings, now):
    """Put videos on the disk, scan them, and have their recording compared and found whole."""
    settings.VIDEOS_DIR = tmp_path / "videos"
    settings.VIDEO_CACHE_DIR = tmp_path / "cache"

    def chunks(count, folder=FOLDER):
        place = tmp_path / "videos" / device.device_id / folder
        place.mkdir(parents=True)
        for number in range(count):
            (place / f"{place.name}_x_1280x960@15fps-20q_{number + 1:05}.h264").write_bytes(b"123")
        RecordingLedger.objects.get_or_create(
            device=device,
            recording=recording_of(folder.encode(), f"{place.name}_x.h264".encode()),
            defaults={"first_known_at": now, "looked_at": now},
        )
        scan_videos(device, now=now)

    return chunks


@pytest.mark.parametrize("name", RECORDED)
def test_the_answer_has_the_parts_of_the_recorded_one(
    recorded, told, take, run, copy, chunks, name
):
    answer = recorded(name)
    databases = answer["databases"]
    if databases["SQLite"]:
        run()
        if not name.endswith("daemons_down"):
            copy()
    if databases["MariaDB"]:
        run("mysql", "other.db")
        copy("other.db")
    if "Video" in databases:
        some = len(databases["Video"]["video_backup"]["files"])
        chunks(some)
        take(Device.objects.get(), "video", copy_count=some)
    ours = told()
    assert keys(ours) == keys(answer)
    assert keys(ours["databases"]) == keys(databases)
    assert shape(ours["backup_status"]["mysql"]) == shape(answer["backup_status"]["mysql"])
    assert keys(ours["backup_status"]) == keys(answer["backup_status"])
    assert keys(ours["backup_status"]["video"]) == keys(answer["backup_status"]["video"])


def _recorded_entries(recorded, *path):
    """The keys of every entry that was ever recorded at a place."""
    found = []
    for name in RECORDED:
        entries = recorded(name)["databases"]
        for part in path:
            entries = entries.get(part, {})
        found += [shape(entry) for entry in entries.values()]
    return found


def test_each_kind_of_entry_has_a_recorded_shape(recorded, told, take, device, run, copy, chunks):
    run(), copy(), run("mysql", "other.db"), copy("other.db"), chunks(1)
    take(device, "video")
    databases = told()["databases"]
    (sqlite,), (mariadb,) = databases["SQLite"].values(), databases["MariaDB"].values()
    (video,) = databases["Video"]["video_backup"]["files"].values()
    assert shape(sqlite) in _recorded_entries(recorded, "SQLite")
    assert shape(mariadb) in _recorded_entries(recorded, "MariaDB")
    assert shape(video) in _recorded_entries(recorded, "Video", "video_backup", "files")


def test_the_video_section_has_the_recorded_keys(recorded, told, take, device, chunks):
    chunks(1)
    take(device, "video")
    then = recorded("t3_device15_backup_after_failed")["databases"]["Video"]["video_backup"]
    assert keys(told()["databases"]["Video"]["video_backup"]) == keys(then)


def test_a_run_with_a_copy_shows_the_copy(told, run, copy):
    run(), copy()
    entry = told()["databases"]["SQLite"][RUN]
    assert (entry["filesize"], entry["size_human"]) == (704_512, "688.0 KB")
    assert entry["file_exists"] is True
    assert entry["path"].startswith("/ethoscope_data/results/0192c3d4e5f60718293a4b5c6d7e8f90/")
    assert entry["date"] == 1795345597.0


def test_a_run_without_a_copy_is_not_shown_as_saved(told, run):
    run()
    answer = told()
    assert answer["databases"]["SQLite"][RUN]["file_exists"] is False
    assert answer["databases"]["SQLite"][RUN]["filesize"] == 0
    assert answer["backup_status"]["sqlite"]["database_count"] == 0
    assert answer["backup_status"]["total_databases"] == 1


@pytest.mark.parametrize("state", ["corrupt", "empty", "busy"])
def test_a_copy_that_is_of_no_use_does_not_count(told, run, copy, state):
    run(), copy(state=state)
    answer = told()
    assert_draws_no_bar(answer["databases"]["SQLite"][RUN])
    assert answer["backup_status"]["sqlite"]["available"] is False


def assert_draws_no_bar(entry):
    """Of any of these the old page makes a full bar, a live tick or the word "backed-up"."""
    assert (entry["filesize"], entry["file_exists"]) == (0, False)
    assert not entry.keys() & {"rsync_enhanced", "size_human"}


WRONG = [kind.value for kind in ProblemKind if kind is not ProblemKind.LAGGING]


@pytest.mark.parametrize("kind", WRONG)
def test_a_copy_that_a_look_found_wrong_draws_no_bar(told, run, copy, kind):
    run(copy=copy(), kind=kind)
    assert_draws_no_bar(told()["databases"]["SQLite"][RUN])


def test_a_copy_of_what_still_grows_is_as_safe_as_can_be(told, run, copy):
    run(copy=copy(), kind="lagging")
    assert told()["databases"]["SQLite"][RUN]["file_exists"] is True


def test_a_copy_that_no_look_compared_draws_no_bar(told, run, copy):
    run(copy=copy()).state.delete()
    assert_draws_no_bar(told()["databases"]["SQLite"][RUN])


@pytest.mark.parametrize("facts", [{"damage": "it shrank"}, {"foreign": "it is of another"}])
def test_a_copy_that_is_not_sound_draws_no_bar_though_the_device_no_longer_lists_it(
    told, take, device, copy, facts
):
    copy()
    take(device, "sqlite")
    assert told()["databases"]["SQLite"][RUN]["file_exists"] is True
    ResultCopy.objects.update(**facts)
    assert_draws_no_bar(told()["databases"]["SQLite"][RUN])


DISK_NOT_KNOWN = [
    {"disk_error": "gone"},
    {"disk_read_at": None},
    {"disk_read_at": datetime(2020, 1, 1, tzinfo=UTC)},
    {"disk_read_at": datetime(2100, 1, 1, tzinfo=UTC)},
]


@pytest.mark.parametrize("facts", DISK_NOT_KNOWN, ids=str)
@pytest.mark.parametrize("listed", [True, False])
def test_nothing_is_saved_over_a_disk_that_was_not_read_lately(
    told, take, device, run, copy, chunks, facts, listed
):
    chunks(1), copy(), copy("other.db", writer="mysql")
    if listed:
        run(), run("mysql", "other.db")
    for kind in ("sqlite", "mysql", "video"):
        take(device, kind, **facts)
    answer = told()
    assert_draws_no_bar(answer["databases"]["SQLite"][RUN])
    assert answer["databases"]["MariaDB"]["other.db"]["db_size_bytes"] == 0
    totals = answer["backup_status"]
    assert [totals[kind]["available"] for kind in ("sqlite", "mysql", "video")] == [False] * 3
    section = answer["databases"].get("Video", {"video_backup": {"files": {}}})
    words = {(f["status"], f["size_bytes"]) for f in section["video_backup"]["files"].values()}
    assert words <= {("unknown", 0)}


def test_a_backup_that_nobody_looked_at_has_nothing_saved(told, run, copy):
    run(copy=copy())
    Backup.objects.all().delete()
    assert_draws_no_bar(told()["databases"]["SQLite"][RUN])


def words_of_files(answer):
    files = answer["databases"]["Video"]["video_backup"]["files"]
    return {(file["status"], bool(file["size_bytes"])) for file in files.values()}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("folder", [FOLDER, "ETHOSCOPE_019/no time"])
def test_a_file_of_a_recording_with_a_problem_is_not_backed_up(
    told, take, device, chunks, kind, folder
):
    """However many recordings have one: the facts name only the first few."""
    chunks(2, folder)
    take(device, "video")
    assert words_of_files(told()) == {("backed-up", True)}
    RecordingLedger.objects.update(kind=kind)
    assert words_of_files(told()) == {("unknown", False)}


def test_a_file_of_a_recording_that_grows_is_as_safe_as_can_be(told, take, device, chunks):
    chunks(1)
    RecordingLedger.objects.update(kind="lagging")
    take(device, "video")
    assert words_of_files(told()) == {("backed-up", True)}


@pytest.mark.parametrize("never", ["known", "compared"])
def test_a_file_that_was_never_compared_is_not_backed_up(told, take, device, chunks, never):
    chunks(1)
    take(device, "video")
    if never == "known":
        RecordingLedger.objects.all().delete()
    else:
        RecordingLedger.objects.update(looked_at=None)
    assert words_of_files(told()) == {("unknown", False)}


def test_a_damaged_video_file_is_not_backed_up_and_has_no_length(told, take, device, chunks, now):
    chunks(2)
    take(device, "video")
    names = list(told()["databases"]["Video"]["video_backup"]["files"])
    DamagedFile.objects.create(
        device=device, recording="r", path=names[0], name=names[0].encode(), kind="shrunk",
        reason="it shrank", first_seen_at=now, content=1,
    )  # fmt: skip
    files = told()["databases"]["Video"]["video_backup"]["files"]
    assert [files[name]["status"] for name in names] == ["error", "backed-up"]
    assert files[names[0]]["size_bytes"] == 0


@pytest.mark.parametrize(("facts", "word"), [({}, "mysql"), ({"disk_error": "gone"}, "rsync")])
def test_the_word_that_is_painted_green_is_said_of_what_is_protected_only(
    told, take, device, nothing, facts, word
):
    take(device, "sqlite", **nothing)
    take(device, "mysql", **facts)
    assert told()["recommended_backup_type"] == word


def test_a_copy_that_the_device_no_longer_lists_is_shown(told, copy):
    copy(state="corrupt")
    assert told()["databases"]["SQLite"][RUN]["db_status"] == "error"


def test_of_two_copies_with_one_name_the_usable_counts(told, run, copy):
    run()
    copy()
    copy(path="elsewhere", state="corrupt")
    assert told()["databases"]["SQLite"][RUN]["file_exists"] is True


def test_a_chunk_on_the_disk_is_backed_up(told, take, device, chunks):
    chunks(1)
    take(device, "video")
    ((name, entry),) = told()["databases"]["Video"]["video_backup"]["files"].items()
    assert entry["status"] == "backed-up"
    assert entry["size_bytes"] == 3
    assert entry["path"] == f"{device.device_id}/{FOLDER}/{name}"


def test_two_chunks_of_one_name_are_both_shown(told, take, device, chunks):
    chunks(1)
    chunks(1, folder="OLD_NAME/2026-11-22_11-07-35")
    take(device, "video")
    assert len(told()["databases"]["Video"]["video_backup"]["files"]) == 2


def test_the_newest_thousand_chunks_are_named_and_all_are_counted(told, take, device, chunks):
    chunks(3, folder="ETHOSCOPE_019/2026-11-01_00-00-00")
    chunks(999)
    take(device, "video", copy_count=1002)
    section = told()["databases"]["Video"]["video_backup"]
    assert len(section["files"]) == 1000
    assert sum(name.startswith("2026-11-01") for name in section["files"]) == 1
    assert section["total_files"] == 1002


def test_an_unknown_device_is_answered_as_by_the_old_node(client, db):
    answer = client.get("/device/0990000000000000000000000000abcd/backup")
    recorded = (RECORDINGS / "node" / "t00_unknown_device_backup.body").read_bytes()
    assert (answer.status_code, answer.json()) == (200, json.loads(recorded))


@pytest.mark.parametrize("name", ["%00", "a%0Ab", "x" * 5000, "..", "%F0%9F%92%A9", "%FF"])
def test_a_senseless_device_id_is_an_unknown_device(client, db, name):
    assert "error" in client.get(f"/device/{name}/backup").json()


def test_a_device_whose_id_can_have_no_folder_is_answered(client, device):
    Device.objects.update(device_id="..")
    assert client.get("/device/../backup").status_code in {200, 404}


def test_the_number_of_queries_does_not_grow(told, run, copy, django_assert_num_queries):
    for number in range(20):
        run(filename=f"{number}.db"), copy(f"{number}.db", path=str(number))
    with django_assert_num_queries(7):
        told()


def test_no_more_is_read_of_a_copy_than_is_shown(told, run, copy):
    """As many as a device ever had: the counts of each of its tables cost most of the answer."""
    run(), copy(), copy("left over.db")
    with CaptureQueriesContext(connection) as asked:
        assert len(told()["databases"]["SQLite"]) == 2
    columns = ["rows", "best_rows", "told_rows", "about"]
    assert not [one for one in asked for name in columns if f'"{name}"' in one["sql"]]


def test_the_one_that_the_newest_look_chose_of_two_counts(told, run, copy):
    older = copy(size_bytes=1)
    copy(path="elsewhere", size_bytes=2)
    run(copy=older)
    assert told()["databases"]["SQLite"][RUN]["filesize"] == 1


def test_a_stranger_reads_no_device(client, device):
    address = f"/device/{device.device_id}/backup"
    assert client.get(address, REMOTE_ADDR="10.0.0.1").status_code in {401, 403}


def test_a_backup_is_not_started_here(person, device):
    answer = person("backups.start_run").post(f"/device/{device.device_id}/backup")
    assert keys(answer.json()) == ["success", "error", "backup_type"]
    assert answer.json()["success"] is False
    assert answer.json()["backup_type"] == "none"


def test_starting_needs_a_login_and_the_permission(client, person, device):
    address = f"/device/{device.device_id}/backup"
    assert client.post(address).status_code in {401, 403}
    assert person("devices.view_device").post(address).status_code == 403


def test_starting_needs_the_csrf_token_of_the_session(device, django_user_model):
    client = Client(enforce_csrf_checks=True)
    client.force_login(django_user_model.objects.create_superuser("boss"))
    assert client.post(f"/device/{device.device_id}/backup").status_code == 403
