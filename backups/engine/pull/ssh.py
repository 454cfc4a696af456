"""Log in to a device by the system's ssh, with our own key and our own memory of host keys."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from backups.engine.pull.errors import RemoteFailed
from backups.engine.pull.failures import LONGEST_TEXT, ssh_failure
from backups.engine.pull.names import checked_host, checked_word
from backups.engine.pull.processes import Leash, LocalProgram
from devices.texts import one_line

MOST_ANSWER = 256 * 1024
_BEGUN = "ethonode: what follows is the answer"
_ALWAYS = {
    "BatchMode": "yes",
    "IdentitiesOnly": "yes",
    "IdentityAgent": "none",
    "PreferredAuthentications": "publickey",
    "PasswordAuthentication": "no",
    "StrictHostKeyChecking": "accept-new",
    "GlobalKnownHostsFile": "/dev/null",
    "HashKnownHosts": "no",
    "UpdateHostKeys": "no",
    "ClearAllForwardings": "yes",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "ControlMaster": "no",
    "ControlPath": "none",
    "PermitLocalCommand": "no",
    "EscapeChar": "none",
    "ConnectionAttempts": "1",
    "ServerAliveCountMax": "3",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SshTarget:
    """A device's account. Its host key is remembered under `known_as`, else under its address.

    Addresses move between devices: give the machine id as `known_as`.
    """

    host: str
    user: str
    key_file: Path
    known_hosts: Path
    port: int = 22
    known_as: str = ""
    connect_seconds: int = 10
    alive_seconds: int = 10  # three of them without an answer end a connection

    def __post_init__(self) -> None:
        checked_host(self.host)
        checked_word(self.user, "an account")
        if self.known_as:
            checked_word(self.known_as, "the name of a host key")

    @property
    def login(self) -> str:
        return f"{self.user}@{self.host}"

    @property
    def rsync_login(self) -> str:
        return f"{self.user}@[{self.host}]" if ":" in self.host else self.login

    def words(self, changed: Mapping[str, str] | None = None) -> list[str]:
        """ssh with all its options; where to log in and what to do there come after.

        `changed`: options that are to be others than always.
        """
        options = {
            **_ALWAYS,
            **(changed or {}),
            "IdentityFile": _quoted(self.key_file),
            "UserKnownHostsFile": _quoted(self.known_hosts),
            "ConnectTimeout": str(self.connect_seconds),
            "ServerAliveInterval": str(self.alive_seconds),
        }
        if self.known_as:
            options["HostKeyAlias"] = self.known_as
        settings = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return ["ssh", "-T", "-F", "none", "-p", str(self.port), *settings]


def command_on(
    target: SshTarget, words: Sequence[str], *, changed: Mapping[str, str] | None = None
) -> list[str]:
    """ssh hands what follows to the account's shell, so it is quoted for one."""
    return [*target.words(changed), target.login, shlex.join(words)]


def run_on(
    target: SshTarget,
    words: Sequence[str],
    *,
    leash: Leash,
    changed: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> list[str]:
    """Run one short command on the device and give its lines. Raises PullError.

    `changed`: options of ssh; `environment`: what our ssh has beside the usual.
    """
    return _heard_from(target, words, leash=leash, changed=changed, environment=environment)[1]


def knock(target: SshTarget, *, leash: Leash) -> None:
    """Log in, and leave again. Raises PullError."""
    run_on(target, ["true"], leash=leash)


def greeting_of(target: SshTarget, *, leash: Leash) -> str:
    """What the account's shell prints before any command; that it does is what rsync minds."""
    return " ".join(_heard_from(target, ["true"], leash=leash)[0])


def _heard_from(
    target: SshTarget,
    words: Sequence[str],
    *,
    leash: Leash,
    changed: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[list[str], list[str]]:
    """The lines before the command began, and its own."""
    brief = replace(leash, most_bytes=MOST_ANSWER)
    begun = ["sh", "-c", f'echo; echo "{_BEGUN}"; exec "$@"', "sh", *words]
    ssh = command_on(target, begun, changed=changed)
    with LocalProgram(ssh, environment=environment) as program:
        lines = list(program.lines(brief))
        code = program.code(brief)
    if code:
        raise ssh_failure(code, program.said)
    if _BEGUN not in lines:
        raise RemoteFailed(f"unexpected answer: {one_line('; '.join(lines), limit=LONGEST_TEXT)}")
    place = lines.index(_BEGUN)
    return lines[:place], lines[place + 1 :]


def _quoted(path: Path) -> str:
    """ssh splits these values at spaces, and takes % for a token of its own."""
    return '"' + str(path.absolute()).replace("%", "%%") + '"'
