"""What a look showed, held against what is true."""

from collections import Counter
from dataclasses import dataclass, field

from tests.faults import oracle
from tests.faults.case import Case
from tests.faults.front import Answered, Shown
from tests.faults.kinds import BLIND, HIDDEN, LOSS, UNLISTED
from tests.faults.oracle import Loss
from tests.faults.person import Hearing
from tests.faults.strikes import Strike
from tests.faults.targets import Chunk, Kept
from tests.faults.told import was_told
from tests.faults.truth import MINUTE, Experiment, OtherFile

SPARE = 30 * MINUTE  # what was on its way at the look before counts from the one before that
GREEN = {"protected", "none"}
SILENT, UNTOLD = "nobody can be asked", "nobody told of it"
REASONS = HIDDEN | {SILENT, UNTOLD}
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
    heard: int = 0  # looks after which was asked whether a person was told
    over_a_loss: int = 0
    not_yet: Counter[str] = field(default_factory=Counter)  # green over what nothing could show
    healthy: int = 0
    asked: int = 0  # whether a card may be wiped
    over_a_lack: int = 0
    yes: int = 0
    must_be_yes: int = 0
    no_answer: int = 0
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
        is_unknown: bool = False,
    ) -> None:
        """`others`: what was said of the device's other backups: a run may be taken for another.

        `is_unknown`: whether another backup of the device is.
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
            if what and is_unknown and is_of_before(shown):
                self.not_yet[SILENT] += 1
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

    def judge_wipe(
        self,
        case: Case,
        look: int,
        answered: Answered | None,
        strikes: list[Strike],
        lacking: list[str],
        *,
        must: bool,
    ) -> None:
        """`lacking`: what of the card is not here. `must`: nothing stands against a yes, and what
        mends was pressed."""
        self.asked += 1
        self.over_a_lack += bool(lacking)
        self.must_be_yes += must
        is_yes = answered is not None and answered.answer == "yes"
        self.yes += is_yes
        self.no_answer += answered is None
        what = "false yes" if is_yes and lacking else "false no" if must and not is_yes else ""
        if not what:
            return
        reasons = [": ".join(reason) for reason in answered.reasons] if answered else ["no answer"]
        shown = Shown(
            verdict=answered.answer if answered else "-", rule="may it be wiped?", evidence=reasons
        )
        self.findings.append(
            Finding(
                what=what, case=case, look=look, backup_type="wipe", strikes=list(strikes),
                losses=[], shown=shown, care="; ".join(case.ran[-6:]),
                text="\n".join(f"  not here: {one}" for one in lacking[:8]),
            )
        )  # fmt: skip

    def hear(
        self,
        case: Case,
        look: int,
        backup_type: str,
        shown: Shown,
        strikes: list[Strike],
        hearing: Hearing,
    ) -> None:
        """Whether a person was told of what is wrong, and of nothing that is right."""
        if any("our clock" in strike.kind.name for strike in strikes):
            return  # the look was by another clock than the watch
        self.heard += 1
        lost = oracle.losses(case, backup_type)
        healthy = is_healthy(case, backup_type, lost, strikes)
        if what := hearing.judge(case, backup_type, shown, is_healthy=healthy):
            self.findings.append(
                Finding(
                    what=what,
                    case=case,
                    look=look,
                    backup_type=backup_type,
                    strikes=list(strikes),
                    losses=lost,
                    shown=shown,
                )
            )

    def _over_a_loss(self, case: Case, old: list[Loss], shown: Shown, strikes: list[Strike]) -> str:
        if shown.verdict not in GREEN:
            return ""
        reasons = [why_hidden(case, loss, strikes) for loss in old]
        if all(reasons):
            self.not_yet[" and ".join(sorted(set().union(*reasons)))] += 1
            return ""
        return "false green"


def is_of_before(shown: Shown) -> bool:
    """`none` stands while a device is silent; the device is unknown then."""
    return shown.verdict == "none" and shown.is_silent


def _name_of(loss: Loss) -> str:
    if isinstance(loss.of, OtherFile):
        return loss.item
    return loss.of.filename if isinstance(loss.of, Experiment) else loss.of.stamp


def why_hidden(case: Case, loss: Loss, strikes: list[Strike]) -> set[str]:
    """Why nothing that was told or read since could show this loss; empty: something could."""
    if not was_told(case, loss.of):
        return {UNTOLD}
    mine = [s for s in strikes if s.kind.effect == LOSS and _struck(s, loss)]
    mine = [s for s in mine if not s.kind.hidden or _hides(s, loss)]
    if all(_not_readable(case, strike, loss) for strike in mine):
        return {strike.kind.hidden for strike in mine}
    return set()


def _struck(strike: Strike, loss: Loss) -> bool:
    if isinstance(strike.target, Chunk):
        return strike.target.file is loss.file
    if isinstance(strike.target, Kept) and loss.file:
        return strike.item is loss.of and strike.target.here.name == loss.file.name
    return strike.item is loss.of


def _hides(strike: Strike, loss: Loss) -> bool:
    """What is hidden is wrong inside a file: that a file is not here, every look can see."""
    return loss.is_beside if strike.kind.hidden == UNLISTED else loss.is_here


def _not_readable(case: Case, strike: Strike, loss: Loss) -> bool:
    read_since = case.verified_look > strike.look  # runs come before faults at each look
    if strike.kind.hidden == UNLISTED:
        return case.listed_look <= strike.look
    if strike.kind.hidden == "verify":
        return not read_since
    if strike.kind.hidden == "content":
        held_since = case.proved_look > strike.look and _is_on_card(case, loss)
        return not (held_since or (read_since and strike.verified))
    if strike.kind.hidden in ("size", "blocks"):
        return not (strike.seen or read_since)
    return bool(strike.kind.hidden)


def _is_on_card(case: Case, loss: Loss) -> bool:
    if isinstance(loss.of, OtherFile):
        return case.other_on_card(loss.of).is_file()
    path = case.on_card(loss.of)
    return (path / loss.file.name if loss.file else path).is_file()


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
    seen = case.looked_at
    if backup_type == "video" and case.listed_look >= look - 1:
        seen = min(seen, case.listed_before)  # a chunk may be as old as the listing without it
    return case.at - seen + SPARE < oracle.MAX_AGE[backup_type]
