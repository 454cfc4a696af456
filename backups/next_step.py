"""The one thing to do about a device: the step of its worst backup, if it can be done now."""

from collections.abc import Mapping
from dataclasses import dataclass

from backups.dashboard import BackupStatus, DeviceStatus
from backups.engine.facts import BackupType
from backups.engine.verdict import Judgement, Step, Verdict
from backups.models import Run, RunKind
from backups.services.runs import KINDS, Offer
from backups.words import worst_type
from devices.models import Lifecycle

BRINGS = {kind: run for run, declared in KINDS.items() for kind in declared.copies}
LOOK_AGAIN = "The device is asked once more, and a worker looks at the disk."
SILENT = (
    "It has to answer first: see whether it is on, and in the network. If it is off on purpose,"
    " park it. Then look again."
)
LOST = "Nothing brings it back. Once that is accepted, write it off, with the reason."


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStep:
    """What is pressed: a run of `kind`, or a look; else it is a person's own work.

    `says`: what happens then, or what a person does. `open_run`: it is under way already.
    `tab`: the part of the device's page where the rest is told, to which `leads` leads.
    """

    says: str
    kind: RunKind | None = None
    looks: bool = False
    open_run: Run | None = None
    last: Run | None = None
    tab: str = ""
    leads: str = ""


def next_step(status: DeviceStatus, offers: Mapping[RunKind, Offer]) -> DeviceStep | None:
    """None: there is nothing to do."""
    worst = worst_type(status)
    if status.device.lifecycle == Lifecycle.RETIRED:
        return None
    if worst is None:
        return DeviceStep(looks=True, says=LOOK_AGAIN)
    backup = status.backups[worst]
    step = backup.judgement.step
    if step is Step.NOTHING:
        return None
    if step is Step.LOOK:
        return _by_a_look(status)
    if step is Step.PERSON:
        return _by_a_person(worst, backup)
    return _by_a_run(_kinds(worst, backup.judgement), offers)


def _by_a_look(status: DeviceStatus) -> DeviceStep:
    if status.device.inventory_error:
        return DeviceStep(looks=True, says=SILENT, tab="settings", leads="Park it")
    return DeviceStep(looks=True, says=LOOK_AGAIN)


def _by_a_person(worst: BackupType, backup: BackupStatus) -> DeviceStep:
    if backup.facts.lost:
        tab = "recordings" if worst is BackupType.VIDEO else "experiments"
        return DeviceStep(says=LOST, tab=tab, leads=f"Its {tab}")
    if backup.facts.unheard:
        return DeviceStep(says=f"See whether its host and its worker run: {backup.facts.unheard}.")
    if not backup.facts.disk_error:
        return DeviceStep(says=f"It clears with {backup.judgement.clears}.")
    return DeviceStep(says=f"Our own disk has to be readable: {backup.facts.disk_error}.")


def _by_a_run(kinds: list[RunKind], offers: Mapping[RunKind, Offer]) -> DeviceStep:
    some = [offers[kind] for kind in kinds if kind in offers]
    if not some:
        return DeviceStep(says="A storage that keeps second copies of its place is needed first.")
    if under_way := next((offer for offer in some if offer.open_run and not offer.shut), None):
        return _pressed(under_way)
    if possible := next((offer for offer in some if offer.can_work), None):
        return _pressed(possible)
    if shut := next((offer for offer in some if offer.shut and not offer.why_not), None):
        says = f"“{shut.declared.button}” would mend it, but there is no way in: {_shut(shut)}."
        return DeviceStep(kind=RunKind.CONNECT, says=says, tab="card", leads="How it lets us in")
    return DeviceStep(says=f"“{some[0].declared.button}” cannot work: {some[0].why_not}.")


def _kinds(worst: BackupType, judgement: Judgement) -> list[RunKind]:
    """Those that help, the best first. Of a MariaDB no listing of a card tells; a mirror does."""
    brings = BRINGS[worst]
    if judgement.step is Step.PROVE:
        return [RunKind.PROVE, brings]
    if judgement.step is Step.SECOND:
        return [RunKind.SECOND_COPY]
    if judgement.step is Step.LIST:
        by_card = [RunKind.LIST_CARD, brings]
        return by_card[::-1] if worst is BackupType.MYSQL else by_card
    return [brings, RunKind.VERIFY] if judgement.verdict is Verdict.CORRUPT else [brings]


def _shut(offer: Offer) -> str:
    return offer.shut.said.rstrip(".") if offer.shut else ""


def _pressed(offer: Offer) -> DeviceStep:
    declared = offer.declared
    return DeviceStep(
        kind=declared.kind, says=declared.explained, open_run=offer.open_run, last=offer.last
    )
