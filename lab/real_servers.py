"""The real servers that a lab's devices share, as far as they are installed."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lab.fleet import Habit, kind_of, open_device_ids
from lab.machines import Machines
from lab.servers.mariadb import PrivateMariaDB, private_mariadb
from lab.servers.processes import ServerFailed
from lab.servers.sshd import RunningSshd, sshd

_SMALL = (
    "--innodb-buffer-pool-size=8M",
    "--innodb-log-file-size=8M",
    "--innodb-log-buffer-size=1M",
    "--innodb-file-per-table=0",
    "--innodb-doublewrite=0",
    "--key-buffer-size=64K",
    "--aria-pagecache-buffer-size=1M",
    "--max-connections=20",
    "--skip-log-bin",
)
_NODE_MAY_READ = (
    "CREATE USER IF NOT EXISTS 'node'@'%' IDENTIFIED BY 'node'",
    "GRANT SELECT ON *.* TO 'node'@'%'",
)


@dataclass(slots=True, kw_only=True)
class RealServers:
    """`opened` are the ids of the devices that can be reached; `remarks` say why others cannot."""

    opened: list[str] = field(default_factory=list)
    mariadb: PrivateMariaDB | None = None
    sshd: RunningSshd | None = None
    machines: Machines | None = None  # to which the sshd lets in
    remarks: list[str] = field(default_factory=list)

    @property
    def ssh_port(self) -> int:
        return self.sshd.port if self.sshd else 0

    @property
    def database_port(self) -> int:
        return self.mariadb.port if self.mariadb else 0

    def reach(self, device_id: str) -> bool:
        return bool(self.mariadb if kind_of(device_id) is Habit.MYSQL else self.sshd)


@contextmanager
def real_servers(
    folder: Path, *, devices: int, seed: int, count: int, authorized_key: Path | None
) -> Iterator[RealServers]:
    """Start what `count` open devices need. What cannot be started is told in the remarks."""
    servers = RealServers()
    ids = open_device_ids(devices=devices, seed=seed, count=count)
    with ExitStack() as stack:
        if any(kind_of(each) is Habit.MYSQL for each in ids):
            with _remarked(servers, "MariaDB devices"):
                servers.mariadb = stack.enter_context(_mariadb(folder / "mariadb"))
        if ids:
            key = authorized_key or folder / "authorized_key"
            with _remarked(servers, "devices reached by ssh"):
                machines = Machines(folder.parent)
                machines.build()
                servers.sshd = stack.enter_context(
                    sshd(folder / "sshd", authorized=key, more=machines.sshd_lines)
                )
                servers.machines = machines
                if not key.exists():
                    servers.remarks.append(f"no one can log in by ssh: there is no {key} yet")
        servers.opened = [each for each in ids if servers.reach(each)]
        yield servers


@contextmanager
def _remarked(servers: RealServers, lost: str) -> Iterator[None]:
    try:
        yield
    except ServerFailed as error:
        why = str(error).strip().splitlines()[-1]
        servers.remarks.append(f"the lab runs without open {lost}: {why}")


@contextmanager
def _mariadb(folder: Path) -> Iterator[PrivateMariaDB]:
    """With the account by which a node reads."""
    with private_mariadb(folder, *_SMALL) as server:
        with server.connect() as connection, connection.cursor() as cursor:
            for statement in _NODE_MAY_READ:
                cursor.execute(statement)
        yield server
