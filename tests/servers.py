"""Real servers for tests: each on its own port or socket, in its own folder, gone at the end."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from redis import Redis, RedisError

from lab.servers.mariadb import PrivateMariaDB, private_mariadb
from lab.servers.processes import ServerFailed, free_port, program, running
from lab.servers.sshd import make_key, sshd

__all__ = [
    "PasswordSshd",
    "PrivateMariaDB",
    "PrivateRedis",
    "PrivateSshd",
    "ServerFailed",
    "free_port",
    "password_sshd",
    "private_mariadb",
    "private_redis",
    "private_sshd",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateRedis:
    socket_path: Path

    @property
    def url(self) -> str:
        return f"unix://{self.socket_path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateSshd:
    port: int
    user: str
    key_file: Path
    known_hosts: Path

    def ssh(self, *command: str) -> list[str]:
        """The words that log in here, and nowhere else."""
        options = {
            "IdentityFile": self.key_file,
            "UserKnownHostsFile": self.known_hosts,
            "StrictHostKeyChecking": "yes",
            "IdentitiesOnly": "yes",
            "BatchMode": "yes",
        }
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        login = f"{self.user}@127.0.0.1"
        return ["ssh", "-F", "none", "-p", str(self.port), *words, login, *command]


@contextmanager
def private_redis(folder: Path) -> Iterator[PrivateRedis]:
    folder.mkdir(parents=True, exist_ok=True)
    server = PrivateRedis(socket_path=folder / "redis.sock")
    command = ["redis-server", "--port", "0", "--unixsocket", str(server.socket_path)]
    command += ["--unixsocketperm", "600", "--dir", str(folder), "--save", "", "--hz", "100"]

    def answers() -> bool:
        with suppress(RedisError), Redis.from_url(server.url) as client:
            return bool(client.ping())
        return False

    with running(command, folder, answers):
        yield server


@contextmanager
def private_sshd(folder: Path, *, more: str = "") -> Iterator[PrivateSshd]:
    """It lets in whoever runs the tests, by a key made for it alone. `more`: of its settings."""
    folder.mkdir(parents=True, exist_ok=True)
    key_file = folder / "login_key"
    make_key(key_file)
    with sshd(folder, authorized=key_file.with_suffix(".pub"), more=more) as server:
        known_hosts = folder / "known_hosts"
        public = server.host_key.with_suffix(".pub").read_text()
        known_hosts.write_text(f"[127.0.0.1]:{server.port} {public}")
        yield PrivateSshd(
            port=server.port, user=server.user, key_file=key_file, known_hosts=known_hosts
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordSshd:
    """`home`: of the one account that it lets in by a password."""

    port: int
    user: str
    password: str
    home: Path


@contextmanager
def password_sshd(folder: Path, *, password: str, more: str = "") -> Iterator[PasswordSshd]:
    """Its account is in passwd and shadow files that only this server sees. Needs root.

    Raises ServerFailed.
    """
    if os.geteuid() != 0:
        raise ServerFailed("only root can give a server accounts of its own")
    folder.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="ethonode-home-"))  # pytest's own folders are root's alone
    server = PasswordSshd(port=free_port(), user="ethoscope", password=password, home=home)
    _found_account(folder, server)
    make_key(folder / "host_key")
    words = {
        "Port": server.port,
        "ListenAddress": "127.0.0.1",
        "HostKey": folder / "host_key",
        "PidFile": "none",
        "UsePAM": "no",
    }
    config = folder / "sshd_config"
    config.write_text(more + "".join(f"{name} {value}\n" for name, value in words.items()))
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    inside = (
        'mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/shadow" /etc/shadow'
        ' && exec "$2" -D -e -f "$1/sshd_config"'
    )
    command = ["unshare", "-m", "sh", "-c", inside, "sh", str(folder), program("sshd")]
    try:
        with running(command, folder, lambda: _greets(server.port)):
            yield server
    finally:
        shutil.rmtree(home)


def _greets(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as probe:
        return probe.recv(4) == b"SSH-"
    return False


def _found_account(folder: Path, server: PasswordSshd) -> None:
    number = 65_001
    os.chown(server.home, number, number)
    hashed = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"],
        input=server.password,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    line = f"{server.user}:x:{number}:{number}::{server.home}:/bin/sh\n"
    (folder / "passwd").write_text(Path("/etc/passwd").read_text() + line)
    (folder / "shadow").write_text(f"{server.user}:{hashed}:19000:0:99999:7:::\n")
    (folder / "shadow").chmod(0o600)
