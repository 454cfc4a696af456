"""Let a world of devices live for days of moved time, look at it, and keep the score."""

import shutil
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TypeVar

from django.db import transaction

from backups.models import RunKind
from tests.faults import front, person
from tests.faults.asking import ask, note_listing
from tests.faults.births import born
from tests.faults.case import Case, changed_at, folders_of
from tests.faults.front import Shown
from tests.faults.kinds import Kind
from tests.faults.looks import COPIED_BEFORE, LOOKS
from tests.faults.mariadb import MariaDB
from tests.faults.score import Finding, Score
from tests.faults.server import WorldServer
from tests.faults.strikes import Strike, planned, strike
from tests.faults.told import hear, prove, see

T = TypeVar("T")
HELD = "another content than ours"  # a proof that found out is one, too
RUNS = {
    "mirrors": RunKind.MIRROR,
    "pulls_results": RunKind.PULL_RESULTS,
    "pulls_videos": RunKind.PULL_VIDEOS,
    "pulls_files": RunKind.PULL_FILES,
    "lists": RunKind.LIST_CARD,
    "proves": RunKind.PROVE,
    "verifies": RunKind.VERIFY,
}


@dataclass(slots=True, kw_only=True)
class World:
    cases: list[Case]
    start: float
    mariadb: MariaDB
    score: Score
    with_faults: bool = True
    only: Collection[str] = ()
    strikes: dict[str, list[Strike]] = field(default_factory=dict)
    hearing: person.Hearing = field(default_factory=person.Hearing)

    def live(self) -> None:
        for number, after in enumerate(LOOKS):
            self.until(number, self.start + after - COPIED_BEFORE, self.start + after)
            self.refresh(number, self.start + after)
            shown = {case: self._look(case, number) for case in self.cases}
            self.guarded(number, None, lambda at=self.start + after: person.watch(at))
            for case, what in shown.items():
                self._hear(case, number, what)
            for case in self.cases:
                self._ask(case, number)
        self.score.devices += len(self.cases)

    def refresh(self, number: int, at: float) -> None:
        self.guarded(number, None, lambda: front.refresh(at))
        for case in self.cases:
            hear(case)

    def until(self, number: int, copied: float, at: float) -> None:
        for case in self.cases:
            case.advance(copied)
            case.copy()
            self.mariadb.follow(case)
        self.refresh(number, copied)
        for case in self.cases:
            self._runs(case, number)
            case.advance(at)
            self._strike(case, number)
            self.mariadb.follow(case)

    def _runs(self, case: Case, number: int) -> None:
        for care, kind in RUNS.items():
            if number in getattr(case.care, care) and _has_something(case, kind):
                self.guarded(number, case, lambda kind=kind: self.run(case, kind, number))

    def run(self, case: Case, kind: RunKind, number: int) -> None:
        state = front.run(case, kind)
        case.ran.append(f"look {number}: {kind} {state}")
        see(case)
        note_listing(case, number)
        if kind is RunKind.PROVE and (state == "succeeded" or HELD in state):
            case.proved_look = number
        if state == "succeeded":
            case.pulled[str(kind)] = case.at
            prove(case, str(kind))
        if kind is RunKind.VERIFY:
            case.verified_look = number

    def _strike(self, case: Case, number: int) -> None:
        if not self.with_faults:
            return
        rng = case.rng("faults")
        for turn, look in enumerate(planned(rng)):
            if look != number:
                continue
            self.struck(case, number, case.rng("strike", turn))

    def struck(
        self,
        case: Case,
        number: int,
        rng: Random,
        may: Callable[[Kind], bool] = lambda kind: True,
    ) -> bool:
        before = folders_of(case)
        if done := strike(case, number, rng, self.only, may):
            self.strikes.setdefault(case.device.device_id, []).append(done)
            self.score.faults[done.kind.name] += 1
        changed_at(case.at, before, folders_of(case))
        return bool(done)

    def _ask(self, case: Case, number: int) -> None:
        if number in case.care.asks:
            self.guarded(number, case, lambda: ask(self, case, number))

    def _hear(self, case: Case, number: int, shown: dict[str, Shown]) -> None:
        strikes = self.strikes.get(case.device.device_id, [])
        for backup_type, what in shown.items():
            self.score.hear(case, number, backup_type, what, strikes, self.hearing)

    def _look(self, case: Case, number: int) -> dict[str, Shown]:
        see(case)
        shown = self.guarded(number, case, lambda: front.look(case)) or {}
        strikes = self.strikes.get(case.device.device_id, [])
        said = {of: "\n".join(what.evidence) for of, what in shown.items()}
        is_unknown = any(what.verdict == "unknown" for what in shown.values())
        for backup_type, what in shown.items():
            others = "\n".join(text for of, text in said.items() if of != backup_type)
            self.score.judge(
                case, number, backup_type, what, strikes, others, is_unknown=is_unknown
            )
        case.looked_at = case.at
        return shown

    def guarded(self, number: int, case: Case | None, do: Callable[[], T]) -> T | None:
        """What the product raises is a finding, not the end of the trial."""
        try:
            with transaction.atomic():
                return do()
        except Exception:  # noqa: BLE001  whatever it is: that is what is counted
            self.score.findings.append(
                Finding(
                    what="crash",
                    case=case or self.cases[0],
                    look=number,
                    backup_type="",
                    strikes=self.strikes.get(case.device.device_id, []) if case else [],
                    losses=[],
                    shown=None,
                    text=traceback.format_exc(limit=-12),
                )
            )
        return None


def _has_something(case: Case, kind: RunKind) -> bool:
    """On the server that all share a device without a database would find another's."""
    return kind is not RunKind.MIRROR or bool(case.experiments("mysql"))


def try_devices(
    numbers: Collection[int],
    *,
    seed: str,
    root: Path,
    start: float,
    server: WorldServer,
    mariadb: MariaDB,
    score: Score,
    with_faults: bool = True,
    only: Collection[str] = (),
    live: Callable[[World], None] = World.live,
) -> None:
    """One world of the devices of these numbers, from its birth to its end; nothing of it stays."""
    with _folder(root), front.pointed_at(root, server, mariadb), _forgotten():
        cases = [born(number, seed=seed, root=root, start=start) for number in numbers]
        server.hold(cases)
        world = World(
            cases=cases,
            start=start,
            mariadb=mariadb,
            score=score,
            with_faults=with_faults,
            only=only,
        )
        live(world)
        mariadb.forget()


@contextmanager
def _folder(root: Path) -> Iterator[None]:
    root.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(root)


@contextmanager
def _forgotten() -> Iterator[None]:
    """What is stored meanwhile is gone afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
