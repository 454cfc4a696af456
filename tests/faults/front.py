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
from backups.services.wipes import last_answer, reasons_of
from devices.models import Device
from devices.services import refresh_devices
from tests.faults import logins
from tests.faults.case import Case
from tests.faults.mariadb import MariaDB
from tests.faults.server import WorldServer
from tests.nodes import a_node

NOBODY = 1  # a port at which nobody listens


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a person was shown of one backup. `is_silent`: its device could not be asked last."""

    verdict: str
    rule: str
    evidence: tuple[str, ...]
    is_silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What was said to who asked whether a card may be wiped: item, what lacks, what mends it."""

    answer: str
    reasons: tuple[tuple[str, str, str], ...]


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@contextmanager
def pointed_at(root: Path, server: WorldServer, mariadb: MariaDB) -> Iterator[None]:
    """The product, with the folders of this world and the world's server as its surroundings."""
    for name in ("results", "videos", "cache", "cards-there"):
        (root / name).mkdir(parents=True)
    for name in ("results", "videos"):  # a device alone would look like a disk that is not mounted
        (root / name / "bystander").mkdir()
        (root / name / "bystander" / "notes.txt").write_text("of another device\n")
    ssh = logins.set_up(root)
    url = f"http://127.0.0.1:{server.port}"
    with ExitStack() as stack:
        stack.enter_context(_first_on_path(ssh))
        stack.enter_context(
            override_settings(
                NODES=[a_node(url, mysql=url, rsync=url)],
                DEVICE_ADDRESSES=[],
                DEVICE_PORT=server.port,
                DEVICE_TIMEOUT=timedelta(seconds=20),
                NODE_TIMEOUT=timedelta(seconds=20),
                RESULTS_DIR=root / "results",
                VIDEOS_DIR=root / "videos",
                CARDS_DIR=root / "cards",
                VIDEO_CACHE_DIR=root / "cache",
                MYSQL_PORT=mariadb.port,
                MYSQL_USER="ethoscope",
                MYSQL_PASSWORD="ethoscope",
                CERTIFICATE_KEY_FILE=root / "certificates" / "key",
                SSH_KEY_FILE=root / "key",
                SSH_KNOWN_HOSTS=root / "known_hosts",
            )
        )
        yield


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
            is_silent=bool(backup.facts.source_error),
        )
        for kind, backup in status.backups.items()
    }


def _ours_ahead(case: Case) -> float:
    ahead = case.switches.ours_ahead
    return ahead.pop(0) if ahead else 0.0


def now_of(case: Case) -> datetime:
    return moment(case.at + case.later)


def _own_side(case: Case) -> dict[str, object]:
    """What is at this device's address alone, though one machine stands for all of them."""
    own: dict[str, object] = {"DEVICE_DATA_ROOT": case.login_root}
    if any(one.writer == "mysql" for one in case.device.experiments):
        return own | {"MYSQL_USER": case.born_name}
    return own | {"MYSQL_PORT": NOBODY}


def ask(case: Case) -> Answered | None:
    """May this card be wiped? None: no answer was given."""
    case.later += 1
    with ExitStack() as stack:
        for around in case.switches.around_ask:
            stack.enter_context(around())
        run(case, RunKind.WIPE)
    device = device_of(case)
    question = last_answer(device) if device else None
    if question is None or question.asked_at != now_of(case):
        return None
    reasons = tuple((one.item, one.lacks, str(one.remedy)) for one in reasons_of(question))
    return Answered(answer=question.answer, reasons=reasons)


def run(case: Case, kind: RunKind) -> str:
    """Ask for a run as a person would, and do it; gives the state in which it ended."""
    device = device_of(case)
    if device is None:
        return "no device"
    logins.follow(case, cut=case.switches.cut_once.pop(kind, None))
    now = now_of(case)
    asked = runs.request_run(device, kind, trigger=RunTrigger.PERSON, now=now)
    with override_settings(**_own_side(case)):
        done = runs.perform(asked.pk, clock=lambda: now)
    return f"{done.state} {done.error}".strip() if done else "not done"
