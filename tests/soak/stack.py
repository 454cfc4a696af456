"""The stack under test: PostgreSQL, Redis, `make run` on one host, a worker alone on another."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis, RedisError

from lab.fleet import open_device_ids
from lab.server import Lab
from lab.servers.processes import program
from tests.incidents.sinks import WebSink
from tests.postgres import PrivatePostgres, command_of, new_postgres
from tests.soak.hosts import INSIDE, LAB_HOST, LAB_NETWORK, Host, make_hosts
from tests.soak.keeper import Keeper, Unit

ROOT = Path(__file__).resolve().parents[2]
HOSTS = ["main", "second"]  # a further one that holds backups gets a worker, as the second has
CHUNKS = 12  # of each device
PATIENCE = 600.0
DISKS = {"var": 300, "database": 700, "results": 400}  # megabytes, of memory
DATABASE = "ethonode"


class SoakFailed(Exception):
    """The stack did not even begin."""


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
        return f"http://{self.hosts['main'].address}:{self.environment['ETHONODE_PORT']}"

    @property
    def disks(self) -> dict[str, Path]:
        """Those that are small, and can be full."""
        return {name: self.folder / name for name in DISKS if os.environ.get(INSIDE)}


def wait(happened: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    until = time.monotonic() + patience
    while not happened():
        if time.monotonic() > until:
            raise SoakFailed(f"in vain: {what}")
        time.sleep(0.5)


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
    hosts = {host.name: host for host in make_hosts(HOSTS)}
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


def _mount(place: Path, megabytes: int) -> None:
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)], check=True
    )


def _planned(
    folder: Path, hosts: dict[str, Host], lab: Lab, sink: WebSink, opened: list[str]
) -> Stack:
    main = hosts["main"].address
    (folder / "var").mkdir(exist_ok=True)
    (folder / "database").mkdir(exist_ok=True)
    lab_is_near = "127.0.0.0/8" if not hosts["main"].apart else f"{LAB_NETWORK}.0.0/16"
    postgres = new_postgres(folder / "database")
    with (postgres.folder / "data" / "pg_hba.conf").open("a") as rules:
        rules.write("host all all 10.60.0.0/16 trust\n")
    ours = {
        "VAR_DIR": folder / "var",
        "DATABASE_URL": (
            f"postgres://postgres@{main}/{DATABASE}"
            if hosts["main"].apart
            else postgres.url(DATABASE)
        ),
        "REDIS_URL": f"redis://{main}:6399/0",
        "SECRET_KEY": "of a soak",
        "SIMULATED_LAB": "no",
        "NODE_URL": lab.node_url,
        "MYSQL_SERVICE_URL": lab.mysql_service_url,
        "RSYNC_SERVICE_URL": lab.rsync_service_url,
        "VIDEOS_DIR": lab.videos_dir,
        "RESULTS_DIR": lab.results_dir,
        "CARDS_DIR": folder / "cards",
        "DEVICE_PORT": lab.device_port,
        "SSH_PORT": lab.ssh_port or 22,
        "MYSQL_PORT": lab.database_port or 3306,
        "SSH_USER": "root" if os.geteuid() == 0 else os.environ.get("USER", ""),
        "SSH_KEY_FILE": folder / "ssh" / "key",
        "DEVICE_DATA_ROOT": folder / "lab" / "devices",
        "DEVICE_NETWORKS": lab_is_near,
        "ALERT_NETWORKS": lab_is_near,
        "STATUS_NETWORKS": "127.0.0.0/8,10.0.0.0/8",
        "BIND": main,
        "PORT": 8099,
        "ALLOWED_HOSTS": main,
        "PARALLEL_RUNS": 3,
        "ADMIN_PASSWORD": "only for a soak",
    }
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ETHONODE_")}
    environment |= {f"ETHONODE_{name}": str(value) for name, value in ours.items()}
    return Stack(
        folder=folder, hosts=hosts, lab=lab, sink=sink, keeper=Keeper(folder / "logs"),
        postgres=postgres, environment=environment, opened=opened,
    )  # fmt: skip


def _begin(made: Stack) -> None:
    main, keeper = made.hosts["main"], made.keeper
    redis = (program("redis-server"), "--bind", main.address, "--port", "6399", "--save", "")
    redis += ("--protected-mode", "no", "--appendonly", "yes", "--dir", str(_redis_folder(made)))
    serve = command_of(made.postgres, listen=main.address if main.apart else "")
    keeper.add(Unit(name="postgres", words=main.words(*serve)))
    keeper.add(Unit(name="redis", words=main.words(*redis)))
    wait(made.postgres.answers, "PostgreSQL answers")
    made.postgres.make(DATABASE)
    run = main.words(sys.executable, "-m", "ethonode.run")
    keeper.add(Unit(name="main", words=run, environment=made.environment, folder=ROOT))
    wait(lambda: "ethonode is at" in keeper.log_of("main").read_text(), "ethonode answers")
    facts = json.dumps({"sink": made.sink.address, "opened": made.opened})
    words = [sys.executable, "-m", "tests.soak.first_rows", facts]
    told = subprocess.run(
        main.words(*words), env=made.environment, cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    made.token = told.stdout.decode().split()[-1]
    key = made.folder / "ssh" / "key"
    public = subprocess.run(["ssh-keygen", "-y", "-f", str(key)], check=True, capture_output=True)
    (made.folder / "key.pub").write_bytes(public.stdout)
    keeper.add(_second_worker(made))


def _redis_folder(made: Stack) -> Path:
    folder = made.folder / "redis"
    folder.mkdir(exist_ok=True)
    return folder


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
