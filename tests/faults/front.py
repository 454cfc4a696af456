"""The product's own front: every look and every run goes through what its tasks call."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.test import override_settings

from backups.dashboard import device_status
from backups.models import RunKind, RunTrigger
from backups.services import runs, snapshots
from backups.services.daemons import check_daemons
from devices.models import Device
from devices.services import refresh_devices
from tests.faults.case import Case
from tests.faults.mariadb import MariaDB
from tests.faults.server import WorldServer

# In place of a connection: what sshd would hand to the account's shell goes to one here.
SSH = """#!/bin/sh
while [ $# -gt 0 ]; do
  case "$1" in
    -o|-p|-F|-l) shift 2 ;;
    -*) shift ;;
    *) login=$1; shift; break ;;
  esac
done
if [ -e "$0.refuses/${login#*@}" ]; then
  echo "${login}: Permission denied (publickey)." >&2
  exit 255
fi
exec sh -c "$*"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a person was shown of one backup."""

    verdict: str
    rule: str
    evidence: tuple[str, ...]


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@contextmanager
def pointed_at(root: Path, server: WorldServer, mariadb: MariaDB) -> Iterator[None]:
    """The product, with the folders of this world and the world's server as its surroundings."""
    for name in ("results", "videos", "cache", "card", "bin"):
        (root / name).mkdir(parents=True)
    for name in ("results", "videos"):  # a device alone would look like a disk that is not mounted
        (root / name / "bystander").mkdir()
        (root / name / "bystander" / "notes.txt").write_text("of another device\n")
    ssh = root / "bin" / "ssh"
    ssh.write_text(SSH)
    ssh.chmod(0o755)
    refusals(root).mkdir()
    url = f"http://127.0.0.1:{server.port}"
    with ExitStack() as stack:
        stack.enter_context(_first_on_path(ssh.parent))
        stack.enter_context(
            override_settings(
                NODE_URL=url,
                DEVICE_ADDRESSES=[],
                SERVICE_URLS={"mysql": url, "rsync": url},
                DEVICE_PORT=server.port,
                DEVICE_TIMEOUT=timedelta(seconds=20),
                NODE_TIMEOUT=timedelta(seconds=20),
                RESULTS_DIR=root / "results",
                VIDEOS_DIR=root / "videos",
                VIDEO_CACHE_DIR=root / "cache",
                DEVICE_DATA_ROOT=root / "card",
                MYSQL_PORT=mariadb.port,
                MYSQL_USER="ethoscope",
                MYSQL_PASSWORD="ethoscope",
                SSH_KEY_FILE=root / "key",
                SSH_KNOWN_HOSTS=root / "known_hosts",
            )
        )
        yield


def refusals(root: Path) -> Path:
    """An address that has a file in here lets nobody in."""
    return root / "bin" / "ssh.refuses"


@contextmanager
def _first_on_path(folder: Path) -> Iterator[None]:
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{folder}:{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before


def refresh(at: float) -> None:
    refresh_devices(now=moment(at))
    check_daemons(now=moment(at))
    snapshots.devices_to_look_at()


def device_of(case: Case) -> Device | None:
    return Device.objects.filter(device_id=case.device.device_id).first()


def look(case: Case) -> dict[str, Shown]:
    """A snapshot of the device now, and what its page would show then."""
    device = device_of(case)
    if device is None:
        return {}
    now = moment(case.at + _ours_ahead(case))
    for before in case.switches.before_look:
        before()
    with ExitStack() as stack:
        for around in case.switches.around_look:
            stack.enter_context(around())
        snapshots.take_snapshot(device, now=now)
    status = device_status(device, now=now)
    return {
        str(kind): Shown(
            verdict=str(backup.judgement.verdict),
            rule=backup.judgement.rule,
            evidence=tuple(backup.judgement.evidence),
        )
        for kind, backup in status.backups.items()
    }


def _ours_ahead(case: Case) -> float:
    ahead = case.switches.ours_ahead
    return ahead.pop(0) if ahead else 0.0


def run(case: Case, kind: RunKind) -> str:
    """Ask for a run as a person would, and do it; gives the state in which it ended."""
    device = device_of(case)
    if device is None:
        return "no device"
    if case.switches.refuses_ssh:
        (refusals(case.root) / case.device.address).touch()
    now = moment(case.at)
    asked = runs.request_run(device, kind, trigger=RunTrigger.PERSON, now=now)
    done = runs.perform(asked.pk, clock=lambda: now)
    return f"{done.state} {done.error}".strip() if done else "not done"
