"""A private MariaDB."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pymysql
from pymysql.connections import Connection

from lab.servers.processes import free_port, own_account, program, run_once, running

_ACCOUNT = """
CREATE USER IF NOT EXISTS 'ethoscope'@'%' IDENTIFIED BY 'ethoscope';
GRANT ALL ON *.* TO 'ethoscope'@'%' WITH GRANT OPTION;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateMariaDB:
    port: int
    socket_path: Path
    data_dir: Path
    user: str
    password: str

    def connect(self) -> Connection:
        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user=self.user,
            password=self.password,
            charset="utf8mb4",
            autocommit=True,
        )


@contextmanager
def private_mariadb(folder: Path, *options: str) -> Iterator[PrivateMariaDB]:
    """With a user `ethoscope`, password `ethoscope`, who may do everything, as on a device.

    A second one in the same folder goes on with its data. Raises ServerFailed.
    """
    (folder / "tmp").mkdir(parents=True, exist_ok=True)  # its own: in a shared one two collide
    common = [f"--user={own_account()}", f"--tmpdir={folder / 'tmp'}"]
    server = PrivateMariaDB(
        port=free_port(),
        socket_path=folder / "db.sock",
        data_dir=folder / "data",
        user="ethoscope",
        password="ethoscope",  # noqa: S106  as every device is delivered
    )
    if not server.data_dir.exists():
        _install(folder)
    grant = folder / "grant.sql"
    grant.write_text(_ACCOUNT)
    command = [program("mariadbd"), "--no-defaults", f"--datadir={server.data_dir}", *common]
    # A socket's path may have 107 bytes; from the data folder, where the server works, it is short.
    command += ["--socket=../db.sock", f"--port={server.port}", "--bind-address=127.0.0.1"]
    command += [f"--pid-file={folder / 'db.pid'}", f"--init-file={grant}", "--skip-name-resolve"]
    command += ["--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=2"]
    # Its account is known to all: whoever is on this machine shall get at no file by it.
    command += ["--performance-schema=OFF", f"--secure-file-priv={folder / 'tmp'}", *options]

    def answers() -> bool:
        with suppress(pymysql.OperationalError), server.connect():
            return True
        return False

    with running(command, folder, answers):
        yield server


def _install(folder: Path) -> None:
    """Under another name until it is whole: a start may be killed half-way."""
    command = [program("mariadb-install-db"), "--no-defaults", f"--user={own_account()}"]
    # Its script breaks at a space in a path; seen from here and from the data, none has one.
    command += ["--datadir=./data.new", "--tmpdir=../tmp", "--skip-test-db"]
    run_once([*command, "--auth-root-authentication-method=normal"], folder=folder)
    (folder / "data.new").rename(folder / "data")
