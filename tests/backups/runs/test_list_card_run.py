"""A listing of a card as a run, and the verdicts that it gives."""

import os
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from zlib import compress

import pytest
from django.utils import timezone

from backups.engine.card import unpacked
from backups.engine.facts import BackupType
from backups.engine.verdict import judge
from backups.models import CardListing, RunKind, VideoComparison
from backups.models.policy import DEFAULT_LIMITS
from backups.services.snapshots import take_snapshot
from devices.models import Experiment, Telling
from tests.deep import make_too_deep
from tests.engine.pull import recorder
from tests.engine.pull.conftest import chunk, put
from tests.servers import private_sshd

pytestmark = pytest.mark.django_db

VIDEO = b"\0\0\0\1\x67" + b"video" * 10_000
AGO = time.time() - 3600


@pytest.fixture
def list_it(do):
    return lambda **others: do(RunKind.LIST_CARD, **others)


@pytest.fixture
def there(card, device):
    """An ended experiment on the card that no JSON names."""
    name = f"2026-01-02_03-04-05_{device.device_id}.db"
    path = card / "results" / device.device_id / "E" / "2026-01-02_03-04-05" / name
    path.parent.mkdir(parents=True)
    connection = recorder.begin(path)
    connection.execute("INSERT INTO METADATA VALUES ('stop_date_time', '1767330000.5')")
    connection.close()
    os.utime(path, (AGO, AGO))
    return path


@pytest.fixture
def here(there, card, settings):
    """The copy of it that somebody else made."""
    path = settings.RESULTS_DIR / there.relative_to(card / "results")
    put(path, there.read_bytes())
    return path


def facts_of(device, backup_type):
    """As a look now gives them. The device is silent over HTTP: only ssh speaks for it."""
    device.inventory_error = "no answer"
    device.save()
    found = take_snapshot(device, now=timezone.now())
    return next(s.facts for s in found if s.backup.backup_type == backup_type)


def test_an_experiment_that_no_json_names_is_found(list_it, there, device):
    run = list_it()
    assert (run.state, run.error) == ("succeeded", "")
    assert run.numbers["new_experiments"] == 1
    one = Experiment.objects.get()
    assert (one.filename, one.path, one.writer) == (there.name, str(there), "sqlite")
    assert (one.told_rows["ROI_1"], one.rows_told_by) == ([200, None], "card")
    assert one.told_size_bytes == there.stat().st_size
    (missing,) = facts_of(device, BackupType.SQLITE).missing
    assert missing.rows > 400


def test_a_copy_that_holds_all_that_the_card_holds_is_proven(list_it, there, here, device):
    list_it()
    facts = facts_of(device, BackupType.SQLITE)
    assert (facts.proofs, facts.has_problems) == ({"counted": 1}, False)
    assert facts.source_read_at == CardListing.objects.get().began_at
    assert Experiment.objects.get().state.how.startswith("has all rows that were counted")


def test_one_row_more_on_the_card_is_behind(list_it, there, here, device):
    connection = recorder.sqlite3.connect(there)
    connection.execute("INSERT INTO ROI_1 (t) VALUES (1)")
    connection.commit()
    connection.close()
    list_it()
    (behind,) = facts_of(device, BackupType.SQLITE).behind
    assert behind.rows == 1


def test_what_is_being_written_is_never_final(list_it, there):
    with recorder.closing(recorder.sqlite3.connect(there)) as connection:
        connection.execute("UPDATE METADATA SET value = value")
        connection.commit()
        os.utime(there, (AGO, AGO))
        list_it()
    assert Experiment.objects.get().told_rows["ROI_1"] == [200, None]
    assert not Telling.objects.filter(final=True).exists()


def test_an_empty_wal_holds_no_row_and_keeps_nothing_from_its_end(list_it, there):
    """As a reader, or a writer that was killed after its checkpoint, leaves it."""
    wal = there.with_name(f"{there.name}-wal")
    wal.touch()
    list_it()
    assert not Telling.objects.exists()  # somebody opened it just now
    os.utime(wal, (AGO, AGO))
    list_it()
    assert Telling.objects.get().final


@pytest.mark.parametrize("what", ["written just now", "no stop row", "growing"])
def test_what_may_grow_is_not_final(list_it, there, device, now, what):
    if what == "written just now":
        os.utime(there)
    elif what == "no stop row":
        with recorder.closing(recorder.sqlite3.connect(there)) as connection:
            connection.execute("DELETE FROM METADATA WHERE field = 'stop_date_time'")
            connection.commit()
        os.utime(there, (AGO, AGO))
        device.reported_status = "running"
        device.save()
    else:
        Experiment.objects.create(
            device=device, writer="sqlite", filename=there.name, growing=True,
            first_seen_at=now, listed_at=now,
        )  # fmt: skip
    list_it()
    assert not Telling.objects.exists()


def test_without_a_stop_row_it_is_final_where_the_device_tracks_nothing(list_it, there, device):
    with recorder.closing(recorder.sqlite3.connect(there)) as connection:
        connection.execute("DELETE FROM METADATA WHERE field = 'stop_date_time'")
        connection.commit()
    os.utime(there, (AGO, AGO))
    device.reported_status, device.inventory_error = "stopped", ""
    device.inventory_read_at = timezone.now()
    device.save()
    list_it()
    assert Telling.objects.get().final


@pytest.mark.parametrize("minutes", [-16, 16, 10**6])
def test_what_a_device_said_at_another_time_ends_nothing(list_it, there, device, minutes):
    with recorder.closing(recorder.sqlite3.connect(there)) as connection:
        connection.execute("DELETE FROM METADATA WHERE field = 'stop_date_time'")
        connection.commit()
    os.utime(there, (AGO, AGO))
    device.reported_status, device.inventory_error = "stopped", ""
    device.inventory_read_at = timezone.now() + timedelta(minutes=minutes)
    device.save()
    list_it()
    assert not Telling.objects.exists()


def test_one_final_telling_is_enough(list_it, there):
    list_it()
    list_it()
    assert Telling.objects.count() == 1


def test_what_is_no_longer_listed_is_gone_and_may_come_back(list_it, there, device):
    list_it()
    content = there.read_bytes()
    there.unlink()
    list_it()
    (lost,) = facts_of(device, BackupType.SQLITE).lost
    assert "no such file" in lost.reason
    put(there, content, at=AGO)
    list_it()
    assert Experiment.objects.get().gone_at is None


def test_what_lies_elsewhere_on_the_device_is_not_gone(list_it, there, device, now):
    Experiment.objects.create(
        device=device, writer="sqlite", filename="x.db", path="/mnt/usb/x.db",
        first_seen_at=now - timedelta(days=1), listed_at=now,
    )  # fmt: skip
    list_it()
    assert not Experiment.objects.exclude(gone_at=None).exists()


@pytest.mark.parametrize(
    "name", ["2026-01-02_03-04-05_{}.db", "a.db", "2026-01-02_03-04-05_{}x.db"]
)
def test_another_devices_database_is_no_experiment_of_this_one(list_it, card, device, name):
    path = card / "results" / name.format(device.device_id)
    recorder.begin(path).close()
    with recorder.closing(recorder.sqlite3.connect(path)) as connection:
        connection.execute("UPDATE METADATA SET value = 'another' WHERE field = 'machine_id'")
        connection.commit()
    run = list_it()
    assert not Experiment.objects.exists()
    assert run.numbers["databases"][0][2]


def test_videos_of_a_firmware_that_lists_none_are_proven_by_their_sizes(
    list_it, card, device, settings
):
    for number in (1, 2):
        for root in (card / "videos", settings.VIDEOS_DIR):
            put(root / device.device_id / chunk(number), VIDEO)
    list_it()
    facts = facts_of(device, BackupType.VIDEO)
    assert (facts.proofs["counted"], facts.has_problems) == (2, False)
    assert facts.source_read_at == VideoComparison.objects.get().began_at


@pytest.mark.parametrize("content", [VIDEO[:-1], None])
def test_a_chunk_that_is_short_or_not_here_is_no_green(list_it, card, device, settings, content):
    put(card / "videos" / device.device_id / chunk(1), VIDEO)
    put(card / "videos" / device.device_id / chunk(2), VIDEO)
    put(settings.VIDEOS_DIR / device.device_id / chunk(1), VIDEO)
    if content:
        put(settings.VIDEOS_DIR / device.device_id / chunk(2), content)
    list_it()
    facts = facts_of(device, BackupType.VIDEO)
    assert facts.missing or facts.behind


def test_a_link_among_the_videos_is_no_green(list_it, card, device, tmp_path):
    folder = card / "videos" / device.device_id
    folder.mkdir()
    (folder / "2025-12-01_00-00-00").symlink_to(tmp_path)
    assert list_it().error == ""
    (unproven,) = facts_of(device, BackupType.VIDEO).unproven
    assert "not followed" in unproven.reason


def move_behind_a_link(path, to):
    path.rename(to)
    path.symlink_to(to)


def hide_by_a_dangling_link(path, to):
    path.rename(to)
    path.symlink_to("nowhere")


def hide_by_a_pipe(path, to):
    path.rename(to)
    os.mkfifo(path)


HIDINGS = (move_behind_a_link, hide_by_a_dangling_link, hide_by_a_pipe)


def verdict_of(device, backup_type, *, after):
    limits = DEFAULT_LIMITS[backup_type]
    return judge(facts_of(device, backup_type), limits=limits, now=timezone.now() + after).verdict


@pytest.mark.parametrize("hide", HIDINGS)
@pytest.mark.parametrize("height", range(4))
def test_what_may_lie_behind_a_link_is_not_gone(list_it, there, tmp_path, hide, height):
    list_it()
    hide(there.parents[height], tmp_path / "elsewhere")
    assert list_it().error == ""
    assert Experiment.objects.get().gone_at is None


@pytest.mark.parametrize("hide", HIDINGS)
@pytest.mark.parametrize("place", ["results", "results/{}", "results/{}/E"])
def test_a_card_whose_results_nobody_looked_at_does_not_say_that_there_are_none(
    list_it, card, device, tmp_path, hide, place
):
    path = card / place.format(device.device_id)
    path.mkdir(parents=True, exist_ok=True)
    hide(path, tmp_path / "elsewhere")
    run = list_it()
    list_it()  # the same again keeps since when
    assert run.numbers["unread"]
    (unproven,) = facts_of(device, BackupType.SQLITE).unproven
    assert unproven.since < CardListing.objects.get().began_at
    assert verdict_of(device, BackupType.SQLITE, after=timedelta(hours=7)) == "unknown"


def test_a_card_without_a_folder_for_results_does_not_say_that_there_are_none(
    list_it, there, card, device, tmp_path
):
    list_it()
    (card / "results").rename(tmp_path / "elsewhere")
    list_it()
    assert Experiment.objects.get().gone_at is None
    assert len(facts_of(device, BackupType.SQLITE).unproven) == 1


def test_what_lay_nobody_knows_where_is_gone_if_no_link_is_on_all_the_card(
    list_it, card, device, now, tmp_path
):
    one = Experiment.objects.create(
        device=device, writer="sqlite", filename="x.db",
        first_seen_at=now - timedelta(days=1), listed_at=now,
    )  # fmt: skip
    (card / "more").symlink_to(tmp_path)
    list_it()
    one.refresh_from_db()
    assert one.gone_at is None
    (card / "more").unlink()
    list_it()
    one.refresh_from_db()
    assert one.gone_at


@pytest.mark.parametrize("hide", HIDINGS)
@pytest.mark.parametrize("place", ["videos", "videos/{}", "videos/{}/E"])
@pytest.mark.parametrize("had_some", [True, False])
def test_a_card_whose_videos_nobody_looked_at_does_not_say_that_there_are_none(
    list_it, card, device, settings, tmp_path, hide, place, had_some
):
    if had_some:
        put(card / "videos" / device.device_id / chunk(1), VIDEO)
        list_it()
    path = card / place.format(device.device_id)
    path.mkdir(parents=True, exist_ok=True)
    hide(path, tmp_path / "elsewhere")
    list_it()
    facts = facts_of(device, BackupType.VIDEO)
    assert facts.unproven
    assert (len(facts.missing), facts.lost) == (had_some, ())
    verdict = verdict_of(device, BackupType.VIDEO, after=timedelta(hours=7))
    assert verdict in {"unknown", "missing"}


def test_hidden_files_of_other_programs_are_nobodys_videos(list_it, card, device, tmp_path):
    folder = card / "videos" / device.device_id / ".trash"
    folder.mkdir(parents=True)
    (folder / "link").symlink_to(tmp_path)
    list_it()
    assert not facts_of(device, BackupType.VIDEO).has_problems


def test_a_card_with_nothing_on_it_has_nothing_to_lose(list_it, card, device):
    list_it()
    for backup_type in (BackupType.SQLITE, BackupType.VIDEO):
        facts = facts_of(device, backup_type)
        assert (facts.source_count, facts.copy_count, facts.has_problems) == (0, 0, False)


@pytest.mark.parametrize("what", ["not mounted", "not whole", "refused"])
def test_what_is_no_whole_listing_changes_nothing(list_it, there, card, settings, tmp_path, what):
    list_it()
    before = CardListing.objects.get().began_at
    there.unlink()
    _break(what, card, settings, tmp_path)
    run = list_it()
    assert (run.state, bool(run.error)) == ("failed", True)
    assert CardListing.objects.get().began_at == before
    assert Experiment.objects.get().gone_at is None


def _break(what, card, settings, tmp_path):
    if what == "not mounted":
        settings.DEVICE_DATA_ROOT = tmp_path / "empty"
        settings.DEVICE_DATA_ROOT.mkdir()
    elif what == "not whole":
        make_too_deep(card)
    else:
        settings.SSH_PORT = 1


def test_a_second_listing_holds_all_that_the_first_did(list_it, there):
    list_it()
    first = unpacked(CardListing.objects.get().packed)
    list_it()
    second = unpacked(CardListing.objects.get().packed)
    assert (second.folders, second.databases) == (first.folders, first.databases)
    assert second.databases[0].tables


@pytest.mark.parametrize("kept", [b"", b"nothing", compress(b'{"k":"head","version":1}\n{}')])
def test_a_listing_of_an_older_version_is_made_anew(list_it, there, kept):
    list_it()
    CardListing.objects.update(packed=kept)
    assert list_it().state == "succeeded"
    assert unpacked(CardListing.objects.get().packed).file_count == 1


def test_the_newest_listing_is_kept_whole(list_it, there, device):
    list_it()
    kept = CardListing.objects.get()
    listing = unpacked(kept.packed)
    assert (kept.file_count, listing.file_count, kept.head["version"]) == (1, 1, 2)
    assert kept.size_bytes == there.stat().st_size


@contextmanager
def programs(settings, tmp_path, **scripts):
    """The device's own programs are these alone, and whoever connects meets it first."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "sh").symlink_to("/bin/sh")
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    more = f'ForceCommand PATH={folder}; eval "$SSH_ORIGINAL_COMMAND"\n'
    with private_sshd(tmp_path / "other", more=more) as server:
        settings.SSH_PORT, settings.SSH_KEY_FILE = server.port, server.key_file
        settings.SSH_KNOWN_HOSTS = tmp_path / "others"
        yield


def test_an_answer_that_was_cut_changes_nothing(list_it, there, settings, tmp_path):
    list_it()
    there.unlink()
    cut = f'{sys.executable} "$@" | /usr/bin/head -n 4'
    with programs(settings, tmp_path, python3=cut):
        run = list_it()
    assert (run.state, "cut" in run.error) == ("failed", True)
    assert Experiment.objects.get().gone_at is None


def test_the_page_of_a_device_says_when_its_card_was_listed(list_it, there, device, admin_client):
    address = f"/admin/devices/device/{device.pk}/change/?tab=card"
    assert "It was not listed yet" in admin_client.get(address).content.decode()
    list_it()
    assert ": 1 file, " in admin_client.get(address).content.decode()


@pytest.mark.parametrize("days", [-365, 365])
def test_a_clock_a_year_off_is_told_and_decides_nothing(
    list_it, there, here, device, settings, tmp_path, days
):
    off = days * 86400
    os.utime(there, (AGO + off, AGO + off))
    shift = f"s/int(time.time())/int(time.time()) + {off}/"
    with programs(settings, tmp_path, python3=f'/bin/sed "{shift}" | {sys.executable} "$@"'):
        run = list_it()
    assert "its clock" in dict(run.numbers["health"])
    assert facts_of(device, BackupType.SQLITE).proofs == {"counted": 1}


def test_a_device_without_python_stays_as_it_was(list_it, there, settings, tmp_path):
    with programs(settings, tmp_path):
        run = list_it()
    assert (run.state, run.error) == ("failed", "the device has no python3")
    assert not Experiment.objects.exists()
