"""A device that is reached by ssh: a private sshd, its databases, and one way to pull them."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

import pytest

from backups.engine.pull import DatabaseOptions, SshTarget, pull_database, pull_videos
from tests.engine.pull import recorder
from tests.fault_proxy import fault_proxy
from tests.servers import private_sshd

NAME = "2026-01-02_03-04-05_0192c3d4e5f60718293a4b5c6d7e8f90.db"
LATEST = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture(scope="session")
def sshd(tmp_path_factory):
    with private_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def target(sshd, tmp_path):
    return target_at(sshd, tmp_path)


def target_at(sshd, tmp_path, *, port=None, **changes):
    words = {
        "host": "127.0.0.1",
        "port": port or sshd.port,
        "user": sshd.user,
        "key_file": sshd.key_file,
        "known_hosts": tmp_path / "known_hosts",
        "connect_seconds": 3,
        "alive_seconds": 1,
    }
    return SshTarget(**(words | changes))


@pytest.fixture
def proxy(sshd):
    with fault_proxy(sshd.port) as proxy:
        yield proxy


@pytest.fixture
def device(tmp_path):
    """A database on the device, held open as by its listener: its -wal stays."""
    path = tmp_path / "device" / NAME
    path.parent.mkdir()
    found = SimpleNamespace(path=path, remote=PurePosixPath(path), database=recorder.begin(path))
    yield found
    found.database.close()


@pytest.fixture
def copy(target, device, tmp_path, now):
    """Where the copy lies, and `pull` to bring it up to date."""
    path = tmp_path / "node" / "2026-01-02_03-04-05" / NAME

    def pull(source=None, *, remote=None, progress=lambda _: None, cancelled=None, **options):
        return pull_database(
            source or target,
            remote_path=remote or device.remote,
            destination=path,
            now=now,
            latest=LATEST,
            progress=progress,
            cancelled=cancelled or (lambda: False),
            options=DatabaseOptions(**options),
        )

    return SimpleNamespace(path=path, pull=pull)


@pytest.fixture(autouse=True)
def nothing_left_on_the_device():
    before = temporaries()
    yield
    assert_all_go(temporaries() - before)


def assert_all_go(left):
    """Those of other tests that run at the same time go as well."""
    until = time.monotonic() + 30
    while any(path.exists() for path in left):
        assert time.monotonic() < until, left
        time.sleep(0.05)


def temporaries():
    places = [Path(tempfile.gettempdir()), Path("/var/tmp"), Path.home()]  # noqa: S108
    return {found for place in places for found in place.glob("ethonode-pull.*")}


@contextmanager
def recording(path, pause=0.002):
    """A program that commits all the time."""
    words = [sys.executable, recorder.__file__, str(path), str(pause)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as writer:
        try:
            writer.stdout.readline()
            yield writer
        finally:
            writer.kill()


@pytest.fixture
def open_folder():
    """A folder that every account of this machine may read."""
    folder = Path(tempfile.mkdtemp(prefix="ethonode-device-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


DEVICE_ID = "0192c3d4e5f60718293a4b5c6d7e8f90"
FOLDER = "ETHOSCOPE_019/2026-01-02_03-04-05"


def chunk(number):
    return f"{FOLDER}/2026-01-02_03-04-05_{DEVICE_ID}__1280x960@15fps-20q_{number:05}.h264"


@pytest.fixture
def videos(target, tmp_path, now):
    """A device's videos `there`, what is `here`, and `pull` to bring them."""
    remote, videos_dir = tmp_path / "device" / "videos", tmp_path / "node" / "videos"
    there = remote / DEVICE_ID
    there.mkdir(parents=True)
    videos_dir.mkdir(parents=True)
    for number in (1, 2, 3):
        put(there / chunk(number), bytes([number]) * 50_000)

    def pull(source=None, *, device_id=DEVICE_ID, **options):
        return pull_videos(
            source or target,
            device_id=device_id,
            videos_dir=videos_dir,
            now=now,
            **({"remote_dir": PurePosixPath(remote)} | options),
        )

    here = videos_dir / DEVICE_ID
    return SimpleNamespace(there=there, here=here, top=videos_dir, pull=pull)


def put(path, content, *, at=1_767_323_045):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (at, at))


def files_below(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
