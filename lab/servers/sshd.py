"""A private sshd: it lets in whoever runs it, by a key."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from lab.servers.processes import free_port, own_account, program, run_once, running


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSshd:
    port: int
    user: str
    host_key: Path
    address: str = "127.0.0.1"


@contextmanager
def sshd(folder: Path, *, authorized: Path, more: str = "") -> Iterator[RunningSshd]:
    """`authorized` is looked at again at each login; `more` are lines of settings.

    Raises ServerFailed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    server = RunningSshd(port=free_port(), user=own_account(), host_key=folder / "host_key")
    if not server.host_key.exists():
        make_key(server.host_key)
    config = folder / "sshd_config"
    config.write_text(config_of(server, authorized=authorized) + more)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # compiled into Debian's sshd

    def answers() -> bool:
        with suppress(OSError), socket.create_connection((server.address, server.port), 5) as probe:
            return probe.recv(4) == b"SSH-"
        return False

    with running([program("sshd"), "-D", "-e", "-f", str(config)], folder, answers):
        yield server


def make_key(path: Path) -> None:
    run_once([program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(path)])


def config_of(server: RunningSshd, *, authorized: Path) -> str:
    """For whoever starts it as a unit of its own."""
    return _config(server, authorized=authorized)


def _config(server: RunningSshd, *, authorized: Path) -> str:
    lines = {
        "Port": server.port,
        "ListenAddress": server.address,
        "HostKey": f'"{server.host_key}"',
        "PidFile": f'"{server.host_key.with_name("sshd.pid")}"',
        "AuthorizedKeysFile": '"{}"'.format(str(authorized.absolute()).replace("%", "%%")),
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "StrictModes": "no",  # the key may lie below /tmp
        "UsePAM": "no",
        "Subsystem": "sftp internal-sftp",
        "KexAlgorithms": "curve25519-sha256",  # today's usual one costs a login a tenth of a second
        "SetEnv": _machine(),
    }
    return "".join(f"{name} {value}\n" for name, value in lines.items())


def _machine() -> str:
    """A device's python3 is one; and its shell reads no .bashrc, as one that another shell began.

    On machines of developers both are long scripts that look for the right python3.
    """
    path = f"{Path(sys.base_prefix, 'bin')}:{os.environ.get('PATH', os.defpath)}"
    return f'"PATH={path}" SHLVL=1'
