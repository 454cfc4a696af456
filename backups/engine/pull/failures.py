"""What an exit code and the last words of ssh or rsync mean."""

import re

from backups.engine.copies.errors import LocalFailed, LocalFull
from backups.engine.errors import BackupError
from backups.engine.pull.errors import (
    ConnectionLost,
    HostKeyChanged,
    HostUnreachable,
    Hung,
    KeyFailed,
    KeyRefused,
    NoisyShell,
    ProgramFailed,
    RemoteFailed,
    RemoteMissing,
    SourceVanished,
    TransferIncomplete,
)
from devices.texts import one_line

LONGEST_TEXT = 400
SSH_FAILED = 255

# The first match wins: a refused key also ends in a lost connection.
_SSH_SAYS: tuple[tuple[str, type[BackupError]], ...] = (
    (r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed", HostKeyChanged),
    (r"UNPROTECTED PRIVATE KEY|Load key .*: ", KeyFailed),
    (r"Permission denied \(", KeyRefused),
    (r"Connection refused|No route to host|Network is unreachable", HostUnreachable),
    (r"Could not resolve hostname|Name or service not known", HostUnreachable),
    (r"connect to (host|address) .*|during banner exchange", HostUnreachable),
    (r"Timeout, server .* not responding|Connection to .* timed out", Hung),
)
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_RSYNC_SAYS: tuple[tuple[str, type[BackupError]], ...] = (
    (r"is your shell clean", NoisyShell),
    (r"No space left on device|Disk quota exceeded|File too large", LocalFull),
    (r"change_dir \"[^\n]*\" failed: .*\(2\)", RemoteMissing),
)
_MEANINGS: dict[int, tuple[type[BackupError], str]] = {
    1: (ProgramFailed, "rsync was used wrongly"),
    2: (RemoteFailed, "the two rsyncs do not understand each other"),
    3: (RemoteFailed, "rsync could not select its files"),
    5: (RemoteFailed, "the device's rsync did not start"),
    10: (ConnectionLost, "the connection broke"),
    11: (LocalFailed, "a file could not be read or written"),
    12: (ConnectionLost, "the connection broke in mid-stream, or the device's rsync died"),
    20: (ProgramFailed, "rsync was stopped by a signal"),
    23: (TransferIncomplete, "some files could not be copied"),
    24: (SourceVanished, "files went away on the device while they were copied"),
    30: (Hung, "the device fell silent"),
    35: (Hung, "the device did not answer in time"),
    127: (RemoteFailed, "the device has no such program"),
    SSH_FAILED: (ConnectionLost, "ssh ended"),
}


def ssh_failure(code: int, said: str) -> BackupError:
    """The error of an ssh that ended with this code; only 255 is ssh's own."""
    if code == SSH_FAILED:
        kind = _first(_SSH_SAYS, said) or ConnectionLost
        return kind(_ssh_text(kind, said, code))
    return RemoteFailed(_text("", said, code))


def rsync_failure(code: int, said: str) -> BackupError:
    kind, meaning = _MEANINGS.get(code, (ProgramFailed, f"rsync ended with code {code}"))
    told = _first(_RSYNC_SAYS, said)
    # Depending on its version rsync gives ssh's own failures as 12 or as 255.
    if told is None and code in (12, SSH_FAILED) and (by_ssh := _first(_SSH_SAYS, said)):
        return by_ssh(_ssh_text(by_ssh, _without_rsync(said), code))
    return (told or kind)(_text(meaning, said, code))


def _first(table: tuple[tuple[str, type[BackupError]], ...], said: str) -> type[BackupError] | None:
    return next((kind for pattern, kind in table if re.search(pattern, said)), None)


def _text(meaning: str, said: str, code: int) -> str:
    lines = [line for line in said.splitlines() if _tells(line)]
    words = one_line("; ".join(lines), limit=LONGEST_TEXT) or f"code {code}, without a word"
    return f"{meaning}: {words}" if meaning else words


def _ssh_text(kind: type[BackupError], said: str, code: int) -> str:
    """What ssh shouts of another host key fills a screen: who reads it needs the key's print."""
    if kind is HostKeyChanged:
        now = _FINGERPRINT.search(said)
        return f"its host key is now {now[0]}" if now else "its host key is not the one known"
    return _text("", said, code)


def _without_rsync(said: str) -> str:
    """rsync only says that it lost what ssh had told the reason of."""
    return "\n".join(line for line in said.splitlines() if not line.startswith("rsync"))


def _tells(line: str) -> bool:
    """Whether a line is more than decoration and the news of a first contact."""
    return bool(line.strip("@ \r")) and not line.startswith("Warning: Permanently added")
