"""Real servers for tests: each on its own port or socket, in its own folder, gone at the end."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from redis import Redis, RedisError

from lab.servers.mariadb import PrivateMariaDB, private_mariadb
from lab.servers.processes import ServerFailed, free_port, running
from lab.servers.sshd import make_key, sshd

__all__ = [
    "PrivateMariaDB",
    "PrivateRedis",
    "PrivateSshd",
    "ServerFailed",
    "free_port",
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
