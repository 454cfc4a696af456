"""What a look showed, held against what is true."""

from collections import Counter
from dataclasses import dataclass, field

from tests.faults import oracle
from tests.faults.case import Case
from tests.faults.front import Shown
from tests.faults.kinds import BLIND, HARMLESS, LOSS
from tests.faults.oracle import Loss
from tests.faults.strikes import Strike
from tests.faults.told import was_told
from tests.faults.truth import MINUTE, Experiment

SPARE = 30 * MINUTE  # what was on its way at the look before counts from the one before that
GREEN = {"protected", "none"}
ALARM = {"corrupt", "missing", "stale", "late", "unknown"}


@dataclass(slots=True, kw_only=True)
class Finding:
    """A false green, a false alarm or a crash, with all that is needed to understand it."""

    what: str
    case: Case
    look: int
    backup_type: str
    strikes: list[Strike]
    losses: list[Loss]
    shown: Shown | None
    text: str = ""
    care: str = ""  # who saved the device then

    @property
    def kinds(self) -> str:
        return "; ".join(f"{s.kind.name} (before look {s.look})" for s in self.strikes) or "-"


@dataclass(slots=True, kw_only=True)
class Score:
    devices: int = 0
    faults: Counter[str] = field(default_factory=Counter)  # by kind
    looks: int = 0  # at one backup
    over_a_loss: int = 0
    not_yet: Counter[str] = field(default_factory=Counter)  # green over what nothing could show
    healthy: int = 0
    findings: list[Finding] = field(default_factory=list)

    def count(self, what: str) -> int:
        return sum(finding.what == what for finding in self.findings)

    def judge(
        self,
        case: Case,
        look: int,
        backup_type: str,
        shown: Shown,
        strikes: list[Strike],
        others: str = "",
        *,
        is_green: bool = True,
    ) -> None:
        """`others`: what was said of the device's other backups: a run may be taken for another.

        `is_green`: whether the device as a whole is.
        """
        self.looks += 1
        lost = oracle.losses(case, backup_type)
        old = oracle.old(case, backup_type, lost)
        what = ""
        if old:
            self.over_a_loss += 1
            what = self._over_a_loss(case, old, shown, strikes)
            if shown.verdict == "none" and all(_name_of(loss) in others for loss in old):
                what = ""
            if what and not is_green and _is_of_before(shown):
                self.not_yet["nobody can be asked"] += 1
                what = ""
        elif is_healthy(case, backup_type, lost, strikes):
            self.healthy += 1
            what = "false alarm" if _is_alarm(case, backup_type, shown, look, strikes) else ""
        if what:
            self.findings.append(
                Finding(
                    what=what,
                    case=case,
                    look=look,
                    backup_type=backup_type,
                    strikes=list(strikes),
                    losses=old or lost,
                    shown=shown,
                    care=f"{sorted(case.care.daemons)} {'; '.join(case.ran[-3:])}",
                )
            )

    def _over_a_loss(self, case: Case, old: list[Loss], shown: Shown, strikes: list[Strike]) -> str:
        if shown.verdict not in GREEN:
            return ""
        if all(_is_hidden(case, loss, strikes) for loss in old):
            self.not_yet[_why_hidden(case, old, strikes)] += 1
            return ""
        return "false green"


def _is_of_before(shown: Shown) -> bool:
    """`none` stands while a device is silent (design 5, rule 8); the device is unknown then."""
    return shown.verdict == "none" and len(shown.evidence) > len(("device read", "disk read"))


def _name_of(loss: Loss) -> str:
    return loss.of.filename if isinstance(loss.of, Experiment) else loss.of.stamp


def _is_hidden(case: Case, loss: Loss, strikes: list[Strike]) -> bool:
    """Whether it comes of a fault that nothing read since could show, or of what nobody told."""
    if not was_told(case, loss.of):
        return True
    mine = [strike for strike in strikes if strike.item is loss.of and strike.kind.effect == LOSS]
    return bool(mine) and all(_not_readable(case, strike) for strike in mine)


def _why_hidden(case: Case, old: list[Loss], strikes: list[Strike]) -> str:
    if not all(was_told(case, loss.of) for loss in old):
        return "nobody told of it"
    mine = {s.kind.hidden for s in strikes if s.kind.hidden and s.item in {loss.of for loss in old}}
    return " and ".join(sorted(mine))


def _not_readable(case: Case, strike: Strike) -> bool:
    read_since = case.verified_look > strike.look  # runs come before faults at each look
    if strike.kind.hidden == "verify":
        return not read_since
    if strike.kind.hidden == "content":
        return not (read_since and strike.verified)
    if strike.kind.hidden in ("size", "blocks"):
        return not (strike.seen or read_since)
    return bool(strike.kind.hidden)


def is_healthy(case: Case, backup_type: str, lost: list[Loss], strikes: list[Strike]) -> bool:
    """All is saved but what grows now, and what struck gives no reason for an alarm."""
    if any(strike.kind.effect in (LOSS, BLIND) for strike in strikes):
        return False
    return all(case.at - loss.since < oracle.MAX_AGE[backup_type] for loss in lost)


def _is_alarm(case: Case, backup_type: str, shown: Shown, look: int, strikes: list[Strike]) -> bool:
    """Unknown and late are one only where the product could have had a proof, late only where
    a look before could show the copy to hold all."""
    if shown.verdict not in ALARM:
        return False
    if shown.verdict in ("corrupt", "missing"):
        return True
    if not oracle.provable(case, backup_type):
        return False
    if shown.verdict == "unknown":  # it may take a second look to believe what has just changed
        return not any(strike.look == look for strike in strikes)
    return case.at - case.looked_at + SPARE < oracle.MAX_AGE[backup_type]


__all__ = ["HARMLESS", "Finding", "Score"]
