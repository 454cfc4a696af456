"""The stack under test: PostgreSQL, Redis, `make run` on one host, a worker alone on another."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from redis import Redis, RedisError

from lab.fleet import open_device_ids
from lab.server import Lab
from tests.hosts.base import (
    ROOT,
    WEB_PORT,
    environment_of,
    new_database_server,
    serve_database,
    serve_ethonode,
    serve_redis,
)
from tests.hosts.clock import Clock, build
from tests.hosts.keeper import Keeper, Unit
from tests.hosts.network import INSIDE, LAB_HOST, LAB_NETWORK, Host, make_hosts
from tests.incidents.sinks import WebSink
from tests.postgres import PrivatePostgres

HOSTS = ["main", "second"]  # a further one that holds backups gets a worker, as the second has
CHUNKS = 12  # of each device
DISKS = {"var": 300, "database": 700, "results": 400}  # megabytes, of memory


@dataclass(slots=True, kw_only=True)
class Stack:
    folder: Path
    hosts: dict[str, Host]
    lab: Lab
    sink: WebSink
    keeper: Keeper
    postgres: PrivatePostgres
    environment: dict[str, str]
    opened: list[str]
    token: str = ""

    @property
    def url(self) -> str:
        return f"http://{self.hosts['main'].address}:{WEB_PORT}"

    @property
    def clocks(self) -> dict[str, Clock]:
        """Of hosts that have one of their own, which can be stepped."""
        return {host.name: host.clock for host in self.hosts.values() if host.clock}

    @property
    def disks(self) -> dict[str, Path]:
        """Those that are small, and can be full."""
        return {name: self.folder / name for name in DISKS if os.environ.get(INSIDE)}


@contextmanager
def stack(devices: int, opened: int, seed: str) -> Iterator[Stack]:
    """All of it, answering. Its files are gone afterwards, but for its logs."""
    with _folder() as folder, _stack(folder, devices, opened, seed) as made:
        yield made


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ethonode-soak-"))
    folder.chmod(0o755)  # PostgreSQL serves as nobody
    try:
        yield folder
    finally:
        for name in DISKS if os.environ.get(INSIDE) else ():
            subprocess.run(["umount", "--lazy", str(folder / name)], check=False)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _stack(folder: Path, devices: int, opened: int, seed: str) -> Iterator[Stack]:
    hosts = _with_clocks(make_hosts(HOSTS), folder)
    (folder / "logs").mkdir()
    if os.environ.get(INSIDE):
        for name, megabytes in DISKS.items():
            _mount(folder / name, megabytes)
        (folder / "lab").mkdir()
        (folder / "lab" / "results").symlink_to(folder / "results")
    place = {"host": LAB_HOST, "network": LAB_NETWORK} if os.environ.get(INSIDE) else {}
    number = sum(seed.encode())
    key = folder / "key.pub"
    key.touch()
    with Lab(
        folder / "lab", devices=devices, chunks=CHUNKS, seed=number, live=True, restless=False,
        open_devices=opened, authorized_key=key, **place,
    ) as lab:  # fmt: skip
        sink = WebSink(host=place.get("host", "127.0.0.1"))
        made = _planned(folder, hosts, lab, sink, open_device_ids(
            devices=devices, seed=number, count=opened
        ))  # fmt: skip
        made.keeper.begin()
        try:
            _begin(made)
            yield made
        finally:
            made.keeper.stop()
            sink.stop()


def _with_clocks(hosts: list[Host], folder: Path) -> dict[str, Host]:
    """Each its own, where they are apart."""
    if not os.environ.get(INSIDE):
        return {host.name: host for host in hosts}
    library = build(folder)
    return {
        host.name: replace(host, clock=Clock(library, folder / f"clock-of-{host.name}"))
        for host in hosts
    }


def _mount(place: Path, megabytes: int) -> None:
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)], check=True
    )


def _planned(
    folder: Path, hosts: dict[str, Host], lab: Lab, sink: WebSink, opened: list[str]
) -> Stack:
    (folder / "var").mkdir(exist_ok=True)
    postgres = new_database_server(folder / "database")
    ours = {
        "VAR_DIR": folder / "var",
        "SECRET_KEY": "of a soak",
        "VIDEOS_DIR": lab.videos_dir,
        "RESULTS_DIR": lab.results_dir,
        "CARDS_DIR": folder / "cards",
        "SSH_KEY_FILE": folder / "ssh" / "key",
        "DEVICE_DATA_ROOT": folder / "lab" / "devices",
        "PARALLEL_RUNS": 3,
        "ADMIN_PASSWORD": "only for a soak",
    }
    return Stack(
        folder=folder, hosts=hosts, lab=lab, sink=sink, keeper=Keeper(folder / "logs"),
        postgres=postgres, environment=environment_of(hosts["main"], lab, postgres, **ours),
        opened=opened,
    )  # fmt: skip


def _begin(made: Stack) -> None:
    main, keeper = made.hosts["main"], made.keeper
    serve_redis(main, keeper, made.folder / "redis")
    serve_database(main, keeper, made.postgres)
    serve_ethonode(main, keeper, made.environment)
    lab = {"devices": len(made.lab.devices), "opened": made.opened}
    facts = json.dumps({"sink": made.sink.address} | lab)
    words = [sys.executable, "-m", "tests.soak.first_rows", facts]
    told = subprocess.run(
        main.words(*words), env=made.environment, cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    made.token = told.stdout.decode().split()[-1]
    key = made.folder / "ssh" / "key"
    public = subprocess.run(["ssh-keygen", "-y", "-f", str(key)], check=True, capture_output=True)
    (made.folder / "key.pub").write_bytes(public.stdout)
    keeper.add(_second_worker(made))


def _second_worker(made: Stack) -> Unit:
    var = made.folder / "var2"
    var.mkdir(exist_ok=True)
    words = [sys.executable, "-m", "celery", "-A", "ethonode.celery", "worker", "--pool", "prefork"]
    words += ["--concurrency", "4", "--max-tasks-per-child", "1000", "--without-gossip"]
    words += ["--without-mingle", "--without-heartbeat", "--statedb", str(var / "worker.state")]
    environment = made.environment | {"ETHONODE_VAR_DIR": str(var), "CELERY_SKIP_CHECKS": "1"}
    return Unit(
        name="second",
        words=made.hosts["second"].words(*words),
        environment=environment,
        folder=ROOT,
    )


def redis_answers(made: Stack) -> bool:
    try:
        return bool(Redis.from_url(made.environment["ETHONODE_REDIS_URL"]).ping())
    except RedisError:
        return False
