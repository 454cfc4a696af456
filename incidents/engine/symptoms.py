"""What is wrong at one moment, and which of it follows from something else that is wrong."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from incidents.engine.causes import CAUSES, OF_A_BACKUP, CauseKind, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """One thing that is wrong. `device` None: it concerns no single device."""

    kind: CauseKind
    subject: str  # which one, among those of its kind
    sentence: str
    device: int | None = None
    node: str = ""  # of a root: whose followers alone it hides; "": all. Else: whose device it is
    backup_type: str = ""
    concerns: frozenset[str] = frozenset()  # of a root: the types of backup; empty: all
    only: frozenset[int] | None = None  # of a root: the devices whose copies lie there; None: all
    storage: int | None = None  # of what is no device's: on which one it was seen
    since: datetime | None = None
    severity: Severity | None = None  # None: as the cause has it
    at_risk: str = ""
    clears: str = ""
    evidence: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Of a backup there is one incident, whatever its verdict turns into."""
        family = "backup" if self.kind in OF_A_BACKUP else self.kind.value
        return f"{family} {self.subject}"

    @property
    def is_as_bad_as(self) -> Severity:
        return self.severity or CAUSES[self.kind].severity


def roots_of(symptoms: Iterable[Symptom]) -> dict[str, str]:
    """key -> key of the root that it follows from; a root of a root is followed to its end."""
    found = list(symptoms)
    roots = sorted((s for s in found if CAUSES[s.kind].hides), key=_nearest_first)
    direct = {
        symptom.key: root.key
        for symptom in found
        for root in reversed(roots)  # so that the nearest one is written last
        if _hides(root, symptom)
    }
    return {key: _end(key, direct) for key in direct}


def _nearest_first(root: Symptom) -> int:
    return list(CauseKind).index(root.kind)


def _hides(root: Symptom, symptom: Symptom) -> bool:
    if root.key == symptom.key or symptom.kind not in CAUSES[root.kind].hides:
        return False
    if root.device is not None and root.device != symptom.device:
        return False
    if root.only is not None and not _lies_there(root, symptom):
        return False
    if root.node and root.node != symptom.node:
        return False
    return not (root.concerns and symptom.backup_type) or symptom.backup_type in root.concerns


def _lies_there(root: Symptom, symptom: Symptom) -> bool:
    if symptom.device is None:
        return symptom.storage == root.storage
    return symptom.device in (root.only or ())


def _end(key: str, direct: Mapping[str, str]) -> str:
    while key in direct:
        key = direct[key]
    return key
