"""However a pull ends, the copy is a whole one, nothing runs on, and the next pull completes it."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from threading import Event, Timer

import pytest

from backups.engine.copies.errors import LocalFull
from backups.engine.errors import BackupError, Cancelled
from backups.engine.pull import Method
from backups.engine.pull.errors import (
    ConnectionFailed,
    ConnectionLost,
    HostUnreachable,
    Hung,
    RemoteFailed,
)
from tests.engine.pull import recorder
from tests.engine.pull.conftest import (
    DEVICE_ID,
    NAME,
    chunk,
    files_below,
    put,
    target_at,
)
from tests.fault_proxy import Fault
from tests.servers import private_sshd

KILLS = int(os.environ.get("ETHONODE_KILLS", "10")) // 2
PATIENCE = 30  # seconds
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture(autouse=True)
def nothing_runs_on(tmp_path):
    """Every ssh and rsync of a pull names this test's own folder."""
    yield
    _wait_until(lambda: not _running(tmp_path))


def _running(folder):
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if f"{folder}/known_hosts" in words:
            found.append(words)
    return found


def _wait_until(holds):
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("after", [10, 2_000, 4_000, 60_000, 400_000])
@pytest.mark.parametrize("method", [Method.SNAPSHOT, Method.WITH_WAL])
def test_a_cut_connection_leaves_the_old_copy(copy, device, proxy, sshd, tmp_path, after, method):
    copy.pull()
    recorder.write(device.database, 5000)
    proxy.fault = Fault(cut_after=after)
    with pytest.raises((ConnectionFailed, RemoteFailed)):
        copy.pull(target_at(sshd, tmp_path, port=proxy.port), methods=(method,))
    assert recorder.state_of(copy.path) == ([200, 200, 200], "ok")
    copy.pull()
    assert recorder.state_of(copy.path) == ([5200, 5200, 5200], "ok")


@pytest.mark.parametrize("after", [10, 3_000, 60_000, 300_000])
def test_a_cut_connection_leaves_only_whole_chunks(videos, proxy, sshd, tmp_path, after):
    for number in (1, 2, 3):
        put(videos.there / chunk(number), os.urandom(200_000))
    proxy.fault = Fault(cut_after=after)
    with pytest.raises(ConnectionFailed):
        videos.pull(target_at(sshd, tmp_path, port=proxy.port))
    whole = files_below(videos.there)
    assert all(whole[name] == content for name, content in files_below(videos.here).items())
    assert videos.pull().complete
    assert files_below(videos.here) == whole


def test_a_silent_device_is_given_up(videos, proxy, sshd, tmp_path):
    put(videos.there / chunk(4), os.urandom(400_000))
    proxy.fault = Fault(stall_after=100_000)
    with pytest.raises((Hung, ConnectionLost)):
        videos.pull(target_at(sshd, tmp_path, port=proxy.port), silent_seconds=3)


@contextmanager
def _stopped_sshd(folder):
    with private_sshd(folder) as server:
        pid = int((folder / "sshd.pid").read_text())
        os.kill(pid, signal.SIGSTOP)
        try:
            yield server
        finally:
            os.kill(pid, signal.SIGCONT)


def test_a_server_that_hangs_is_unreachable(copy, tmp_path):
    with _stopped_sshd(tmp_path / "hung") as server, pytest.raises((HostUnreachable, Hung)):
        copy.pull(target_at(server, tmp_path, connect_seconds=1))


def test_a_pull_from_a_hung_server_can_be_cancelled(copy, videos, tmp_path):
    with _stopped_sshd(tmp_path / "hung") as server:
        for pull in (copy.pull, videos.pull):
            stop = Event()
            timer = Timer(0.5, stop.set)
            timer.start()
            with pytest.raises(Cancelled):
                pull(target_at(server, tmp_path, connect_seconds=600), cancelled=stop.is_set)
            timer.join()


def test_a_pull_can_be_cancelled_in_the_middle(videos, sshd, tmp_path):
    put(videos.there / chunk(4), os.urandom(3_000_000))
    told = []
    with pytest.raises(Cancelled):
        videos.pull(
            bandwidth_kib=200,
            progress=told.append,
            cancelled=lambda: any(step.bytes_done > 200_000 for step in told),
        )
    assert chunk(4) not in files_below(videos.here)
    assert videos.pull().complete


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_database_pull_leaves_a_whole_copy(copy, device, target, number):
    copy.pull()
    recorder.write(device.database, 3000)
    _kill_in_mid_work(target, "database", device.remote, copy.path, after=_moment(number))
    counts, verdict = recorder.state_of(copy.path)
    assert (counts[0] in (200, 3200), len(set(counts)), verdict) == (True, 1, "ok")
    assert copy.pull().inspection.problem == ""
    assert recorder.state_of(copy.path) == ([3200, 3200, 3200], "ok")


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_video_pull_leaves_whole_chunks(videos, target, number):
    for n in range(1, 9):
        put(videos.there / chunk(n), os.urandom(300_000))
    _kill_in_mid_work(
        target, "video", PurePosixPath(videos.there), videos.top, after=_moment(number)
    )
    whole = files_below(videos.there)
    here = files_below(videos.here) if videos.here.exists() else {}
    assert all(whole[name] == content for name, content in here.items())
    assert videos.pull().complete


def test_a_killed_rsync_leaves_nothing_in_the_tree(videos, tmp_path):
    put(videos.there / chunk(4), os.urandom(3_000_000))

    def kill(step):
        if step.bytes_done > 300_000:
            for pid in _rsyncs(tmp_path):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    with pytest.raises(BackupError):
        videos.pull(bandwidth_kib=500, progress=kill)
    assert {path.name[0] for path in videos.here.rglob("*")} <= {"E", "2"}
    assert videos.pull().complete


def _rsyncs(folder):
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = place.read_bytes()
            if words.startswith(b"rsync") and f"{folder}/known_hosts".encode() in words:
                yield int(place.parent.name)


def _moment(number):
    """Seconds after the start of the work at which to kill it: another one each time, but known."""
    return random.Random(number).uniform(0, 1.5)  # noqa: S311  # when to kill is no secret


def _kill_in_mid_work(target, kind, remote, here, *, after):
    words = [kind, target.port, target.user, target.key_file, target.known_hosts, remote, here]
    command = [sys.executable, "-m", "tests.engine.pull.one_pull", *map(str, words)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        _wait_until(lambda: process.poll() is not None or _running(target.known_hosts.parent))
        time.sleep(after)
        process.kill()
    _wait_until(lambda: not _running(target.known_hosts.parent))


@as_root
def test_a_full_disk_leaves_the_old_copy(copy, device, tmp_path):
    with _small_disk(copy.path.parent, kib=1500):
        copy.pull(keep_free_bytes=0)
        recorder.write(device.database, 9000)
        with pytest.raises(LocalFull):
            copy.pull(keep_free_bytes=-(2**40))
        assert recorder.state_of(copy.path) == ([200, 200, 200], "ok")


@as_root
def test_a_full_disk_leaves_whole_chunks(videos):
    with _small_disk(videos.top, kib=500):
        put(videos.there / chunk(4), os.urandom(900_000))
        with pytest.raises(LocalFull):
            videos.pull(keep_free_bytes=-(2**40))
        whole = files_below(videos.there)
        assert all(whole[name] == data for name, data in files_below(videos.here).items())
        assert chunk(4) not in files_below(videos.here)


@contextmanager
def _small_disk(folder, *, kib):
    folder.mkdir(parents=True, exist_ok=True)
    size = f"size={kib}k"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], check=False)
    if mounted.returncode:
        pytest.skip("may not mount")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def guest(tmp_path):
    """A device that lets us in as somebody who may only read."""
    folder = tmp_path / "guest"
    with private_sshd(folder) as server:
        public = server.key_file.with_suffix(".pub")
        drop = "setpriv --reuid=65534 --regid=65534 --clear-groups"
        forced = f'command="HOME=/nonexistent {drop} sh -c \\"$SSH_ORIGINAL_COMMAND\\""'
        public.write_text(f"{forced} {public.read_text()}")
        yield target_at(server, tmp_path)


@as_root
@pytest.mark.parametrize("method", [Method.SNAPSHOT, Method.WITH_WAL])
def test_who_may_only_read_gets_a_live_database(copy, guest, open_folder, method):
    path = open_folder / NAME
    database = recorder.begin(path)
    done = copy.pull(guest, remote=PurePosixPath(path), methods=(method,))
    assert done.method is method
    assert recorder.state_of(copy.path) == ([200, 200, 200], "ok")
    database.close()


@as_root
def test_without_a_shm_a_reader_takes_both_files(copy, guest, open_folder):
    database = recorder.begin(open_folder / "open.db")
    for tail in ("", "-wal"):
        shutil.copy(open_folder / f"open.db{tail}", open_folder / f"{NAME}{tail}")
    done = copy.pull(guest, remote=PurePosixPath(open_folder / NAME))
    assert done.method is Method.WITH_WAL
    assert done.remarks
    assert recorder.state_of(copy.path) == ([200, 200, 200], "ok")
    assert not (open_folder / f"{NAME}-shm").exists()
    database.close()


@as_root
def test_a_device_without_sqlite3_gives_both_files(copy, device, tmp_path):
    with private_sshd(tmp_path / "bare") as server:
        public = server.key_file.with_suffix(".pub")
        bare = tmp_path / "bin"
        bare.mkdir()
        for place in ("/usr/bin", "/bin"):
            for program in Path(place).iterdir():
                if program.name != "sqlite3" and not (bare / program.name).is_symlink():
                    (bare / program.name).symlink_to(program)
        forced = f'command="PATH={bare} sh -c \\"$SSH_ORIGINAL_COMMAND\\""'
        public.write_text(f"{forced} {public.read_text()}")
        done = copy.pull(target_at(server, tmp_path))
    assert done.method is Method.WITH_WAL
    assert "sqlite3: not found" in done.remarks[0]
    assert recorder.state_of(copy.path) == ([200, 200, 200], "ok")


@as_root
def test_a_database_that_may_not_be_read_is_no_missing_one(copy, guest, open_folder):
    recorder.begin(open_folder / NAME).close()
    (open_folder / NAME).chmod(0o600)
    with pytest.raises(BackupError, match=r"[Pp]ermission denied|failed|could not"):
        copy.pull(guest, remote=PurePosixPath(open_folder / NAME))


@as_root
def test_a_folder_of_videos_that_may_not_be_read_is_told(videos, guest, open_folder, now):
    there = open_folder / DEVICE_ID
    put(there / chunk(1), b"1")
    put(there / "closed" / "a.h264", b"2")
    (there / "closed").chmod(0o700)
    there.chmod(0o755)
    done = videos.pull(guest, remote_dir=PurePosixPath(open_folder))
    assert (len(done.problems), done.complete) == (1, False)
    assert set(files_below(videos.here)) == {chunk(1)}
