"""PostgreSQL, Redis and `make run` on one host, for a lab that is where all wires end."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lab.server import Lab
from lab.servers.processes import program
from tests.hosts.keeper import Keeper, Unit
from tests.hosts.network import LAB_NETWORK, Host
from tests.postgres import PrivatePostgres, command_of, new_postgres

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "ethonode"
PATIENCE = 600.0
REDIS_PORT, WEB_PORT = 6399, 8099


class HostsFailed(Exception):
    """What was waited for did not come."""


def wait(happened: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    until = time.monotonic() + patience
    while not happened():
        if time.monotonic() > until:
            raise HostsFailed(f"in vain: {what}")
        time.sleep(0.5)


def new_database_server(folder: Path) -> PrivatePostgres:
    """Whom all hosts may ask; nobody serves it yet."""
    folder.mkdir(exist_ok=True)
    postgres = new_postgres(folder)
    with (postgres.folder / "data" / "pg_hba.conf").open("a") as rules:
        rules.write("host all all 10.60.0.0/16 trust\n")
    return postgres


def environment_of(
    main: Host, lab: Lab, postgres: PrivatePostgres, **others: object
) -> dict[str, str]:
    """Of every process on all hosts, as far as it is the same everywhere."""
    lab_is_near = f"{LAB_NETWORK}.0.0/16" if main.apart else "127.0.0.0/8"
    ours = {
        "DATABASE_URL": (
            f"postgres://postgres@{main.address}/{DATABASE}"
            if main.apart
            else postgres.url(DATABASE)
        ),
        "REDIS_URL": f"redis://{main.address}:{REDIS_PORT}/0",
        "SIMULATED_LAB": "no",
        "NODE_URL": lab.node_url,
        "MYSQL_SERVICE_URL": lab.mysql_service_url,
        "RSYNC_SERVICE_URL": lab.rsync_service_url,
        "DEVICE_PORT": lab.device_port,
        "SSH_PORT": lab.ssh_port or 22,
        "MYSQL_PORT": lab.database_port or 3306,
        "SSH_USER": "root" if os.geteuid() == 0 else os.environ.get("USER", ""),
        "DEVICE_NETWORKS": lab_is_near,
        "ALERT_NETWORKS": lab_is_near,
        "STATUS_NETWORKS": "127.0.0.0/8,10.0.0.0/8",
        "BIND": main.address,
        "PORT": WEB_PORT,
        "ALLOWED_HOSTS": main.address,
        **others,
    }
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ETHONODE_")}
    return environment | {f"ETHONODE_{name}": str(value) for name, value in ours.items()}


def serve_database(main: Host, keeper: Keeper, postgres: PrivatePostgres) -> None:
    """Whoever asks at the address of the host is answered, and ours is made."""
    serve = command_of(postgres, listen=main.address if main.apart else "")
    keeper.add(Unit(name="postgres", words=main.words(*serve)))
    wait(postgres.answers, "PostgreSQL answers")
    postgres.make(DATABASE)


def serve_redis(main: Host, keeper: Keeper, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    redis = (program("redis-server"), "--bind", main.address, "--port", str(REDIS_PORT))
    redis += ("--save", "", "--protected-mode", "no", "--appendonly", "yes", "--dir", str(folder))
    keeper.add(Unit(name="redis", words=main.words(*redis)))


def serve_ethonode(main: Host, keeper: Keeper, environment: dict[str, str]) -> None:
    """As `make run` does."""
    run = main.words(sys.executable, "-m", "ethonode.run")
    keeper.add(Unit(name="main", words=run, environment=environment, folder=ROOT))
    wait(lambda: "ethonode is at" in keeper.log_of("main").read_text(), "ethonode answers")
