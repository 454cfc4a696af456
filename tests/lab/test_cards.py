"""Every device has a card that a lister can be sent to, and each fault of it is met there."""

import os
import subprocess
import time
from pathlib import PurePosixPath

import pytest

from backups.engine.card import list_card
from backups.engine.pull import SshTarget
from backups.engine.pull.errors import PullError
from backups.engine.pull.processes import Leash
from backups.engine.pull.ssh import greeting_of
from lab.faults.catalogue import CATALOGUE, TABLES
from lab.faults.options import FaultError
from lab.faults.storage import MANY, ODD_NAMES, STORAGE_FAULTS, foreign_id
from lab.fleet import Habit
from lab.server import Lab
from lab.servers.processes import own_account
from lab.servers.sshd import make_key
from lab.tracking import ResultWriter

LEASH = Leash(silent_seconds=60)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("cards")


@pytest.fixture(scope="module")
def lab(root):
    """One for all: every test ends what it began."""
    make_key(root / "key")
    options = {"devices": 9, "chunks": 20, "restless": False, "open_devices": 3}
    with Lab(root / "lab", authorized_key=root / "key.pub", **options) as lab:
        assert lab.remarks == []
        yield lab


@pytest.fixture
def target(lab, root):
    return lambda device: SshTarget(
        host=device.address,
        user=own_account(),
        key_file=root / "key",
        known_hosts=root / "known",
        port=lab.ssh_port,
        known_as=device.device_id,
    )


@pytest.fixture
def listed(target, root):
    folder = PurePosixPath(root / "lab" / "devices")
    return lambda device, leash=LEASH: list_card(target(device), folder, leash=leash)


@pytest.fixture
def by_kind(lab):
    """Those that are not open."""
    return {device.kind: device for device in lab.devices if not device.opened}


@pytest.fixture
def struck(lab, by_kind):
    """Let a fault happen to a device that is not open, until the test ends."""
    names = []

    def strike(name, kind=Habit.OLD):
        names.append(name)
        [device] = lab.faults.switch_on(name, device=by_kind[kind])
        return device

    yield strike
    for name in names:
        lab.faults.switch_off(name)


def files_of(listing, tree):
    found = [(path.decode("latin-1"), file) for path, file in listing.below(tree)]
    return {path: file for path, file in found if not path.endswith(("-wal", "-shm"))}


def test_every_card_holds_what_its_device_has_and_nothing_else(lab, listed):
    for device in lab.devices:
        listing = listed(device)
        assert listing.is_whole
        videos = {
            f"{recording.folder}/{chunk.name}": chunk.size_bytes
            for recording in device.recordings
            for chunk in recording.chunks()
        }
        told = files_of(listing, b"videos")
        assert {path: file.size for path, file in told.items()} == videos
        runs = {str(run.path) for run in device.runs if run.writer is ResultWriter.SQLITE}
        assert set(files_of(listing, b"results")) == runs
        assert {one.filename for one in listing.databases} == {
            path.rpartition("/")[2] for path in runs
        }


def test_its_databases_are_read(listed, by_kind):
    for database in listed(by_kind[Habit.SQLITE]).databases:
        tables = {name: highest for name, highest, _ in database.tables}
        assert (database.unread, tables["ROI_3"] > 0) == ("", True)


def test_what_is_filmed_later_is_on_the_card_too(lab, listed, by_kind):
    device = next(each for each in lab.devices if each.kind is Habit.VIDEO)
    before = len(files_of(listed(device), b"videos"))
    lab.tick(900)
    assert len(files_of(listed(device), b"videos")) == before + 3


def test_it_is_that_devices_machine(lab, listed):
    heads = [listed(device).head for device in lab.devices]
    assert len({head.boot for head in heads}) == len(lab.devices)
    for device, head in zip(lab.devices, heads, strict=True):
        assert head.read_only is False
        assert head.uptime == pytest.approx(lab.now() - device.booted_at, abs=300)
        assert head.clock == pytest.approx(lab.now(), abs=300)
        assert head.size >= 29 * 2**30
        assert 0 < head.free < head.size


@pytest.mark.parametrize("fault", ["clock-year-ahead", "clock-year-behind"])
def test_it_has_the_devices_clock(lab, listed, struck, fault):
    device = struck(fault)
    clock = lab.now() + device.clock_offset
    assert abs(device.clock_offset) > 300 * 86_400
    assert listed(device).head.clock == pytest.approx(clock, abs=300)


@pytest.mark.parametrize("fault", STORAGE_FAULTS)
def test_each_finds_a_device_by_itself_and_ends_without_a_trace(lab, listed, fault):
    [device] = lab.faults.switch_on(fault)
    lab.faults.switch_off(fault)
    listing = listed(device)
    assert (device.ails, listing.head.read_only) == (set(), False)
    assert (listing.health.ext4_errors, listing.health.kernel.count) == (0, 0)
    assert all(not one.unread for one in listing.databases)
    chunks = sum(recording.chunk_count for recording in device.recordings)
    told = files_of(listing, b"videos")
    assert len(told) == chunks
    whole = sum(
        r.chunk(n).size_bytes for r in device.recordings for n in range(1, r.chunk_count + 1)
    )
    assert sum(file.size for file in told.values()) == whole
    assert listing.file_count < MANY


def test_each_machine_tells_of_its_card(lab, listed):
    told = [listed(device).health for device in lab.devices]
    assert len({health.cards[0].serial for health in told}) == len(lab.devices)
    for health in told:
        assert (health.cards[0].name, health.cards[0].kind) == ("SC32G", "SD")
        assert (health.ext4_errors, health.kernel.by, health.kernel.count) == (0, "dmesg", 0)
        assert (health.too_weak_now, health.was_too_weak) == (False, False)


def test_errors_of_the_card_are_told(listed, struck):
    [partition] = listed(struck("card-errors")).health.partitions
    assert (partition.name, partition.errors, partition.last_in) == ("mmcblk0p2", 7, "ext4_lookup")
    assert partition.last_at < time.time()


def test_errors_in_the_kernels_log_are_told(listed, struck):
    kernel = listed(struck("kernel-errors")).health.kernel
    assert (kernel.count, kernel.last - kernel.first) == (3, 3600)
    assert kernel.said.startswith("mmcblk0: error -110")


def test_a_weak_power_supply_is_told(listed, struck):
    health = listed(struck("weak-power")).health
    assert (health.too_weak_now, health.was_too_weak) == (True, True)


def test_a_read_only_card_is_told(listed, struck):
    assert listed(struck("read-only-card")).head.read_only is True


def test_a_full_card_is_told(listed, struck):
    assert listed(struck("full-card")).head.free == 0


def test_a_hanging_login_ends_by_its_leash(listed, struck):
    device = struck("hanging-ssh")
    with pytest.raises(PullError, match="no sign of life"):
        listed(device, Leash(silent_seconds=1.5))


def test_a_shell_that_greets_is_heard_and_the_listing_is_whole(listed, struck, target):
    device = struck("greeting-shell")
    greeting = greeting_of(target(device), leash=LEASH)
    assert greeting.strip() == f"Welcome to {device.name}"
    assert listed(device).is_whole


def test_without_python_its_shell_lists_that_card_alone(listed, struck):
    device = struck("no-python")
    listing = listed(device)
    assert (listing.by, listing.is_whole) == ("sh", True)
    owners = {path.split("/")[0] for path in files_of(listing, b"videos")}
    assert owners == {device.device_id}


@pytest.mark.parametrize(
    ("fault", "half"), [("torn-card-chunk", True), ("zeroed-card-chunk", False)]
)
def test_a_torn_chunk(lab, listed, struck, fault, half):
    device = struck(fault)
    recording = next(each for each in device.recordings if each.stopped)
    chunk = recording.chunk(recording.chunk_count // 2 + 1)
    told = files_of(listed(device), b"videos")[f"{recording.folder}/{chunk.name}"]
    assert told.size == (chunk.size_bytes // 2 if half else chunk.size_bytes)


def test_a_chunk_of_an_open_device_ends_in_zeros(lab, root):
    [device] = lab.faults.switch_on("zeroed-card-chunk", device="ETHOSCOPE_004")
    recording = next(each for each in device.recordings if each.stopped)
    chunk = recording.chunk(recording.chunk_count // 2 + 1)
    path = root / "lab" / "devices" / "videos" / recording.folder / chunk.name
    torn = path.read_bytes()
    lab.faults.switch_off("zeroed-card-chunk")
    whole = path.read_bytes()
    assert device.opened
    assert len(torn) == len(whole)
    assert not torn.endswith(whole[-100:])
    assert torn.endswith(bytes(len(torn) // 2))


@pytest.mark.parametrize("fault", ["torn-card-database", "zeroed-card-database"])
def test_a_torn_database_is_seen(listed, struck, fault):
    listing = listed(struck(fault))
    assert [bool(one.unread) for one in listing.databases].count(True) == 1


def test_foreign_folders_are_listed(listed, struck):
    device = struck("foreign-folders")
    listing, foreign = listed(device), foreign_id(device)
    assert {one.filename[20:52] for one in listing.databases} == {device.device_id, foreign}
    assert len([path for path in files_of(listing, b"videos") if path.startswith(foreign)]) == 3


def test_names_in_bytes_are_listed(listed, struck):
    listing = listed(struck("odd-names"))
    assert set(ODD_NAMES) <= {file.name for files in listing.folders.values() for file in files}


@pytest.mark.by_turns
def test_many_files_are_listed(listed, struck):
    assert listed(struck("many-files")).file_count > MANY


def test_no_fault_hides_another_of_its_name():
    assert len(CATALOGUE) == sum(map(len, TABLES))


def test_where_nobody_can_log_in_no_login_fails(make_lab):
    with pytest.raises(FaultError, match="nobody can log in"):
        make_lab().faults.switch_on("card-errors")


def test_a_lab_that_was_begun_with_one_card_for_all_goes_on(tmp_path, make_lab):
    lab = make_lab(root=tmp_path)
    runs = {path.name for path in (tmp_path / "cards").rglob("*.db")}
    lab.stop()
    for tree in ("results", "videos"):
        for link in (tmp_path / "devices" / tree).iterdir():
            card = link.resolve()
            link.unlink()
            card.rename(link)
    again = make_lab(root=tmp_path)
    assert {path.name for path in (tmp_path / "cards").rglob("*.db")} == runs
    assert again.devices[0].run


def test_the_folder_may_have_any_name(tmp_path):
    make_key(tmp_path / "key")
    root = tmp_path / "a lab's & $(more)"
    with Lab(root, devices=1, chunks=2, open_devices=1, authorized_key=tmp_path / "key.pub") as lab:
        words = ["-F", "none", "-i", str(tmp_path / "key"), "-p", str(lab.ssh_port)]
        words += ["-o", f"UserKnownHostsFile={tmp_path / 'k'}", "-o", "StrictHostKeyChecking=no"]
        login = [*words, lab.devices[0].address, "command -v python3"]
        done = subprocess.run(["ssh", *login], capture_output=True, check=True, timeout=30)
    assert done.stdout == os.fsencode(root / "machines" / "python" / "python3") + b"\n"
