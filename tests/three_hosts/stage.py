"""The hosts, with all that runs on them. Each sees its own folders, and those of no other."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lab.fleet import open_device_ids
from lab.server import Lab
from lab.servers.processes import own_account, program
from lab.servers.sshd import RunningSshd, config_of, make_key
from tests.hosts.base import (
    ROOT,
    environment_of,
    new_database_server,
    serve_database,
    serve_ethonode,
    serve_redis,
)
from tests.hosts.base import WEB_PORT as MAIN_PORT
from tests.hosts.keeper import Keeper, Unit
from tests.hosts.network import LAB_HOST, LAB_NETWORK, Host, make_hosts
from tests.postgres import PrivatePostgres
from tests.three_hosts.places import HOSTS, PLACES, WEB_PORT, Place, web_of, worker_of

DEVICES, OPENED, CHUNKS, SEED = 10, 6, 12, 14
SSH_PORT = 22


@dataclass(slots=True, kw_only=True)
class Stage:
    folder: Path
    hosts: dict[str, Host]
    lab: Lab
    keeper: Keeper
    postgres: PrivatePostgres
    environment: dict[str, str]  # of main
    token: str = ""

    @property
    def url(self) -> str:
        return f"http://{self.hosts['main'].address}:{MAIN_PORT}"

    def var(self, name: str) -> Path:
        """Of a storage, or of main."""
        return _home(self.folder, name) / "var"

    def data(self, name: str) -> Path:
        """All that it holds; that of main is where the lab's own daemons copy to."""
        return self.lab.results_dir.parent if name == "main" else _home(self.folder, name) / "data"


def _home(folder: Path, name: str) -> Path:
    """Below the folder of its host."""
    host = next((place.host for place in PLACES if place.name == name), name)
    return folder / "hosts" / host / name


@contextmanager
def stage() -> Iterator[Stage]:
    """All of it, answering. At the end its files are gone."""
    with tempfile.TemporaryDirectory(prefix="ethonode-hosts-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL serves as nobody
        hosts = {host.name: host for host in make_hosts(list(HOSTS))}
        for home in ("main", *(place.name for place in PLACES)):
            make_key(_made(_home(folder, home) / "var" / "ssh", mode=0o700) / "key")
        with (
            Lab(
                folder / "lab", devices=DEVICES, chunks=CHUNKS, seed=SEED, live=True,
                restless=False, open_devices=OPENED, authorized_key=_all_keys(folder),
                host=LAB_HOST, network=LAB_NETWORK,
            ) as lab,
            _begun(_planned(folder, hosts, lab)) as made,
        ):  # fmt: skip
            yield made


def _made(folder: Path, *, mode: int = 0o755) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(mode)
    return folder


def _key(folder: Path, name: str) -> str:
    return (_home(folder, name) / "var" / "ssh" / "key.pub").read_text()


def _all_keys(folder: Path) -> Path:
    """Every host that backs up is let in by the devices, each with its own key."""
    keys = folder / "keys_of_devices"
    keys.write_text("".join(_key(folder, name) for name in ("main", *(p.name for p in PLACES))))
    return keys


def _planned(folder: Path, hosts: dict[str, Host], lab: Lab) -> Stage:
    own = {name: _made(folder / "hosts" / name) for name in HOSTS}
    for name, host in hosts.items():
        others = [path for other, path in own.items() if other != name]
        lab_too = [] if name == "main" else [folder / "lab"]
        hosts[name] = replace(host, lacks=(*others, *lab_too))
    postgres = new_database_server(own["main"] / "database")
    ours = {
        "VAR_DIR": _home(folder, "main") / "var",
        "SECRET_KEY": "of three hosts",
        "DATA_ROOT": lab.results_dir.parent,
        "CARDS_DIR": own["main"] / "cards",
        "DEVICE_DATA_ROOT": folder / "lab" / "devices",
        "ADMIN_PASSWORD": "only for a trial",
    }
    return Stage(
        folder=folder, hosts=hosts, lab=lab, keeper=Keeper(_made(folder / "logs")),
        postgres=postgres, environment=environment_of(hosts["main"], lab, postgres, **ours),
    )  # fmt: skip


@contextmanager
def _begun(made: Stage) -> Iterator[Stage]:
    made.keeper.begin()
    try:
        main = made.hosts["main"]
        serve_redis(main, made.keeper, made.folder / "hosts" / "main" / "redis")
        serve_database(main, made.keeper, made.postgres)
        _add_sshd(made, "main")
        made.token = _first_rows(made)
        serve_ethonode(main, made.keeper, made.environment)
        for place in PLACES:
            _begin_storage(made, place)
        yield made
    finally:
        made.keeper.stop()


def _first_rows(made: Stage) -> str:
    opened = open_device_ids(devices=DEVICES, seed=SEED, count=OPENED)
    rows = [_row(made, place) for place in PLACES]
    words = [sys.executable, "-m", "tests.three_hosts.first_rows"]
    words += [json.dumps({"storages": rows, "opened": opened})]
    told = subprocess.run(
        made.hosts["main"].words(*words), env=made.environment, cwd=ROOT, check=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    return told.stdout.decode().split()[-1]


def _row(made: Stage, place: Place) -> dict[str, object]:
    address = made.hosts[place.host].address
    row: dict[str, object] = {
        "name": place.name, "host": place.host, "pattern": place.pattern,
        "second_of": place.second_of,
    }  # fmt: skip
    if place.has_web:
        row |= {"url": f"http://{address}:{WEB_PORT}", "ssh": f"{own_account()}@{address}"}
        row["main_ssh"] = f"{own_account()}@{made.hosts['main'].address}"
    return row


def _begin_storage(made: Stage, place: Place) -> None:
    """As docs/storages.md tells a person to."""
    host, environment = made.hosts[place.host], _environment(made, place)
    for folder in ("results", "videos"):
        _made(made.data(place.name) / folder)
    if place.has_web:
        _add_sshd(made, place.name)
        *before, serve = web_of(place, environment)
        for words in before:
            subprocess.run(
                host.words(*words), env=environment, cwd=ROOT, check=True,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip
        _add(made, f"{place.name}-web", host, serve, environment)
    _add(made, place.name, host, worker_of(place, environment), environment)


def _environment(made: Stage, place: Place) -> dict[str, str]:
    """What its own /etc/ethonode.env would say."""
    own: dict[str, object] = {
        "VAR_DIR": made.var(place.name),
        "DATA_ROOT": made.data(place.name),
        "BIND": made.hosts[place.host].address,
        "PORT": WEB_PORT,
    }
    same = {name: word for name, word in made.environment.items() if name != "ETHONODE_CARDS_DIR"}
    told = {f"ETHONODE_{name}": str(value) for name, value in own.items()}
    return same | told | {"CELERY_SKIP_CHECKS": "1"}


def _add(made: Stage, name: str, host: Host, words: list[str], environment: dict[str, str]) -> None:
    unit = Unit(name=name, words=host.words(*words), environment=environment, folder=ROOT)
    made.keeper.add(unit)


def _add_sshd(made: Stage, name: str) -> None:
    """It lets in those who are on other hosts."""
    host = made.hosts[name]
    folder = _made(_home(made.folder, name) / "sshd", mode=0o700)
    make_key(folder / "host_key")
    others = ["main", *(place.name for place in PLACES if place.host != name)]
    (folder / "keys").write_text("".join(_key(made.folder, one) for one in others if one != name))
    server = RunningSshd(
        port=SSH_PORT, user=own_account(), host_key=folder / "host_key", address=host.address
    )
    config = folder / "config"
    config.write_text(config_of(server, authorized=folder / "keys"))
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # compiled into Debian's sshd
    words = [program("sshd"), "-D", "-e", "-f", str(config)]
    made.keeper.add(Unit(name=f"{name}-sshd", words=host.words(*words)))
