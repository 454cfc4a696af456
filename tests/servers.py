"""Real servers for tests: each on its own port or socket, in its own folder, gone at the end."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pymysql
from redis import Redis, RedisError

PATIENCE = 60  # seconds
SBIN = f"{os.environ['PATH']}:/usr/sbin:/sbin"


class ServerFailed(Exception):
    """A server did not answer in time, or ended; the text holds the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateRedis:
    socket_path: Path

    @property
    def url(self) -> str:
        return f"unix://{self.socket_path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateMariaDB:
    port: int
    socket_path: Path
    data_dir: Path
    user: str
    password: str


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


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


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

    with _running(command, folder / "redis.log", answers):
        yield server


@contextmanager
def private_mariadb(folder: Path) -> Iterator[PrivateMariaDB]:
    """With a user `ethoscope`, password `ethoscope`, who may do everything, as on a device."""
    data_dir = folder / "data"
    (folder / "tmp").mkdir(parents=True)  # its own: in a shared one, two of them collide
    temporary = f"--tmpdir={folder / 'tmp'}"
    me = f"--user={getpass.getuser()}"
    install = ["mariadb-install-db", "--no-defaults", me, f"--datadir={data_dir}", temporary]
    install += ["--auth-root-authentication-method=normal", "--skip-test-db"]
    _run_once(install)
    server = PrivateMariaDB(
        port=free_port(),
        socket_path=folder / "db.sock",
        data_dir=data_dir,
        user="ethoscope",
        password="ethoscope",
    )
    grant = folder / "grant.sql"
    grant.write_text(
        "CREATE USER 'ethoscope'@'%' IDENTIFIED BY 'ethoscope';\n"
        "GRANT ALL ON *.* TO 'ethoscope'@'%' WITH GRANT OPTION;\n"
    )
    command = [_sbin("mariadbd"), "--no-defaults", me, f"--datadir={data_dir}", temporary]
    command += [f"--socket={server.socket_path}", f"--port={server.port}"]
    command += ["--bind-address=127.0.0.1", f"--pid-file={folder / 'db.pid'}"]
    command += [f"--init-file={grant}", "--innodb-buffer-pool-size=32M", "--skip-name-resolve"]
    command += ["--innodb-flush-log-at-trx-commit=2", "--performance-schema=OFF"]

    def answers() -> bool:
        with suppress(pymysql.OperationalError), _login(server):
            return True
        return False

    with _running(command, folder / "db.log", answers):
        yield server


@contextmanager
def private_sshd(folder: Path) -> Iterator[PrivateSshd]:
    """It lets in whoever runs the tests, by a key made for it alone."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    host_key, key_file = folder / "host_key", folder / "login_key"
    for key in (host_key, key_file):
        _make_key(key)
    server = PrivateSshd(
        port=free_port(),
        user=getpass.getuser(),
        key_file=key_file,
        known_hosts=folder / "known_hosts",
    )
    public = host_key.with_suffix(".pub").read_text()
    server.known_hosts.write_text(f"[127.0.0.1]:{server.port} {public}")
    config = folder / "sshd_config"
    config.write_text(_sshd_config(folder, port=server.port, host_key=host_key, login=key_file))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # compiled into Debian's sshd

    def answers() -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 5) as probe:
            return probe.recv(4) == b"SSH-"
        return False

    with _running([_sbin("sshd"), "-D", "-e", "-f", str(config)], folder / "sshd.log", answers):
        yield server


def _sshd_config(folder: Path, *, port: int, host_key: Path, login: Path) -> str:
    lines = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": host_key,
        "PidFile": folder / "sshd.pid",
        "AuthorizedKeysFile": login.with_suffix(".pub"),
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "StrictModes": "no",  # the folders of tests lie below /tmp
        "UsePAM": "no",
        "Subsystem": "sftp internal-sftp",
    }
    return "".join(f"{name} {value}\n" for name, value in lines.items())


def _make_key(path: Path) -> None:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)]
    _run_once(command)


def _run_once(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode:
        raise ServerFailed(f"{command[0]}: {(done.stdout + done.stderr)[-2000:]}")


@contextmanager
def _login(server: PrivateMariaDB) -> Iterator[pymysql.Connection]:
    connection = pymysql.connect(
        host="127.0.0.1", port=server.port, user=server.user, password=server.password
    )
    with connection:
        yield connection


@contextmanager
def _running(command: list[str], log: Path, answers: Callable[[], bool]) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    try:
        _wait(process, log, answers)
        yield
    finally:
        _end(process)


def _wait(process: subprocess.Popen[bytes], log: Path, answers: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not answers():
        if process.poll() is not None or time.monotonic() > until:
            raise ServerFailed(f"{log}: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _sbin(program: str) -> str:
    found = shutil.which(program, path=SBIN)
    if found is None:
        raise ServerFailed(f"{program} is not installed; .ci/install-test-servers installs it")
    return found
