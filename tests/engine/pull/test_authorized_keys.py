"""Our key is put on a device by a password, once, and the password is seen by nobody."""

import os
import stat
from pathlib import Path

import pytest

from backups.engine.pull import SshTarget, authorize, ensure_key, knock
from backups.engine.pull.errors import (
    HostKeyChanged,
    HostUnreachable,
    KeyRefused,
    NoPasswords,
    PasswordRefused,
    RemoteFailed,
)
from backups.engine.pull.processes import Leash
from tests.servers import free_port, password_sshd

PASSWORD = "let me in, 'dear' $device"
LEASH = Leash(silent_seconds=60)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a server accounts")


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    with password_sshd(tmp_path_factory.mktemp("door"), password=PASSWORD) as server:
        yield server


@pytest.fixture
def home(door):
    """Empty, as on a device that was never logged in to."""
    folder = door.home / ".ssh"
    yield folder
    for path in folder.glob("*"):
        path.unlink()
    if folder.is_dir():
        folder.rmdir()


@pytest.fixture
def key_file(tmp_path):
    ensure_key(tmp_path / "ours" / "key")
    return tmp_path / "ours" / "key"


@pytest.fixture
def at(door, key_file, tmp_path):
    def at(**changes):
        words = {
            "host": "127.0.0.1",
            "port": door.port,
            "user": door.user,
            "key_file": key_file,
            "known_hosts": tmp_path / "known_hosts",
            "connect_seconds": 5,
        }
        return SshTarget(**(words | changes))

    return at


def put(target, password=PASSWORD):
    authorize(target, ensure_key(target.key_file), password=password, leash=LEASH)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@as_root
def test_a_device_that_refused_our_key_takes_it_then(at, home):
    with pytest.raises(KeyRefused):
        knock(at(), leash=LEASH)
    put(at())
    knock(at(), leash=LEASH)
    assert (mode(home), mode(home / "authorized_keys")) == (0o700, 0o600)
    assert "127.0.0.1" in at().known_hosts.read_text()


@as_root
def test_it_is_put_there_once(at, home, key_file):
    for _ in range(3):
        put(at())
    assert (home / "authorized_keys").read_text() == f"{ensure_key(key_file)}\n"


def _is_there(home, text, owner):
    home.mkdir(exist_ok=True)
    keys = home / "authorized_keys"
    keys.write_text(text)
    for path in (home, keys):
        os.chown(path, owner.st_uid, owner.st_gid)
    return keys


@as_root
@pytest.mark.parametrize(
    "before",
    [
        "ssh-ed25519 AAAAsomebody else\n",
        "ssh-ed25519 AAAAsomebody without an end of the line",
        "# ours comes later\n\n",
    ],
)
def test_what_is_there_stays(at, home, door, key_file, before):
    keys = _is_there(home, before, door.home.stat())
    put(at())
    first, last = keys.read_text()[: len(before)], keys.read_text().splitlines()[-1]
    assert (first, last) == (before, ensure_key(key_file))
    knock(at(), leash=LEASH)


@as_root
def test_a_line_that_is_commented_out_is_no_key(at, home, door, key_file):
    _is_there(home, f"#{ensure_key(key_file)}\n", door.home.stat())
    put(at())
    knock(at(), leash=LEASH)


@as_root
def test_a_file_that_others_may_write_is_closed_to_them(at, home, door):
    keys = _is_there(home, "", door.home.stat())
    home.chmod(0o777)
    keys.chmod(0o666)
    put(at())
    assert (mode(home) & 0o022, mode(keys) & 0o022) == (0, 0)


@as_root
@pytest.mark.parametrize("wrong", ["", "let me in", f"{PASSWORD} ", "\N{SNOWMAN}"])
def test_a_wrong_password_is_said_by_name(at, home, wrong):
    with pytest.raises(PasswordRefused):
        put(at(), wrong)
    assert not home.exists()


@as_root
def test_a_device_without_passwords_is_no_wrong_password(at, tmp_path):
    more = "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
    with (
        password_sshd(tmp_path / "closed", password=PASSWORD, more=more) as closed,
        pytest.raises(NoPasswords),
    ):
        put(at(port=closed.port))


@as_root
def test_another_host_key_is_never_told_the_password(at, home, door, tmp_path):
    ensure_key(tmp_path / "other" / "key")
    other = ensure_key(tmp_path / "other" / "key")
    at().known_hosts.write_text(f"[127.0.0.1]:{door.port} {other}\n")
    with pytest.raises(HostKeyChanged):
        put(at())
    assert not home.exists()


def test_nobody_there_is_unreachable(key_file, tmp_path):
    target = SshTarget(
        host="127.0.0.1",
        port=free_port(),
        user="ethoscope",
        key_file=key_file,
        known_hosts=tmp_path / "known_hosts",
    )
    with pytest.raises(HostUnreachable):
        put(target)


@as_root
def test_an_account_that_cannot_keep_keys_says_why(at, home, door):
    home.write_text("no folder")
    os.chown(home, door.home.stat().st_uid, -1)
    try:
        with pytest.raises(RemoteFailed):
            put(at())
    finally:
        home.unlink()


@as_root
def test_the_password_is_seen_by_nobody(at, home, key_file, monkeypatch):
    seen = []

    def look():
        for folder in Path("/proc").glob("[0-9]*"):
            if folder.name != str(os.getpid()):
                seen.extend(_texts(folder))
        seen.extend(path.read_bytes() for path in key_file.parent.rglob("*") if path.is_file())
        return False

    authorize(
        at(),
        ensure_key(key_file),
        password=PASSWORD,
        leash=Leash(silent_seconds=60, cancelled=look),
    )
    assert any(b"SSH_ASKPASS=" in text for text in seen)
    assert not any(PASSWORD.encode() in text for text in seen)
    assert [path.name for path in key_file.parent.iterdir()] == ["key"]  # nothing is left


def _texts(folder):
    for name in ("cmdline", "environ"):
        try:
            yield (folder / name).read_bytes()
        except OSError:
            continue
