"""Our own ssh key: made once, private, and without a race between two that start together."""

import os
import stat
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from backups.engine.pull.errors import KeyFailed
from backups.engine.pull.names import checked_word
from devices.texts import one_line

KEYGEN_SECONDS = 30


def ensure_key(key_file: Path) -> str:
    """The public half of the key, which is made if it is not there. Raises KeyFailed."""
    try:
        if not key_file.exists():
            _make(key_file)
        if stat.S_IMODE(key_file.stat().st_mode) & 0o077:
            raise KeyFailed(f"{key_file}: others may read it; its mode must be 0600")
    except OSError as error:
        raise KeyFailed(f"{key_file}: {error.strerror}") from error
    # Derived each time: a .pub beside it, which is for people, may be that of another key.
    return _keygen("-y", "-P", "", "-f", str(key_file)).strip()


def ensure_memory(known_hosts: Path) -> None:
    """A folder for it: where ssh can remember no host key, it takes any. Raises KeyFailed."""
    try:
        known_hosts.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise KeyFailed(f"{known_hosts.parent}: {error.strerror}") from error


def public_file(key_file: Path) -> Path:
    """The file beside it that tools of people's want. Raises KeyFailed."""
    public = key_file.with_name(f"{key_file.name}.pub")
    if not public.exists():
        text = ensure_key(key_file)
        try:
            public.write_text(f"{text}\n")
        except OSError as error:
            raise KeyFailed(f"{public}: {error.strerror}") from error
    return public


def forget_host_key(known_hosts: Path, known_as: str) -> bool:
    """Let a device show another key at its next contact. False: none was known of it.

    Raises KeyFailed.
    """
    checked_word(known_as, "the name of a host key")
    before = known_hosts.read_bytes() if known_hosts.exists() else b""
    if before:
        _keygen("-R", known_as, "-f", str(known_hosts))
        known_hosts.with_name(f"{known_hosts.name}.old").unlink(missing_ok=True)
    return bool(before) and known_hosts.read_bytes() != before


def _make(key_file: Path) -> None:
    key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key_file.parent.chmod(0o700)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=key_file.parent) as folder:
        made = Path(folder) / "key"
        _keygen("-q", "-t", "ed25519", "-N", "", "-C", "ethonode", "-f", str(made))
        with suppress(FileExistsError):  # somebody else was first: theirs holds
            os.link(made, key_file)


def _keygen(*words: str) -> str:
    try:
        done = subprocess.run(
            ["ssh-keygen", *words],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=KEYGEN_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KeyFailed(f"ssh-keygen: {error}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace")
        raise KeyFailed(f"ssh-keygen: {one_line(said, limit=300)}")
    return done.stdout.decode(errors="replace")
