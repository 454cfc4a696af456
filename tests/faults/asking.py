"""“May I wipe this card?”, asked as people do: who is told no presses what mends it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backups.models import CardListing, RunKind
from tests.faults import front
from tests.faults.card_truth import not_here
from tests.faults.case import Case
from tests.faults.front import Answered
from tests.faults.kinds import BLIND, HARMLESS, LOSS, Kind
from tests.faults.looks import COPIED_BEFORE, LOOKS
from tests.faults.strikes import Strike
from tests.faults.told import list_card
from tests.faults.truth import DAY, MINUTE

if TYPE_CHECKING:
    from tests.faults.fleet import World

ROUNDS = 4  # a pull, a proof, a reading; and once more
QUIET = 15 * MINUTE
PRESSED = (
    RunKind.MIRROR, RunKind.PULL_RESULTS, RunKind.PULL_VIDEOS, RunKind.PULL_FILES, RunKind.PROVE,
    RunKind.VERIFY,
)  # fmt: skip
AT_REST = 7 * DAY  # all that any device writes is over
TURNS = 12
AFTER_YES = {"cards", "others", "sizes", "gone_here", "identity", "rows"}  # families


def ask(world: "World", case: Case, number: int) -> None:
    """Ask, and hold the answer against the truth. After a last yes one fault more strikes, and
    there has to be none any more."""
    strikes = world.strikes.get(case.device.device_id, [])
    answered, must = front.ask(case), must_reach_yes(case, strikes)
    note_listing(case, number)
    if answered and must:
        answered = _pressed(world, case, number, answered)
    _judge(world, case, number, answered, must=must)
    is_yes = answered is not None and answered.answer == "yes"
    if not (is_yes and world.with_faults and number == max(case.care.asks)):
        return
    if world.struck(case, number, case.rng("after yes"), stands_against):
        world.mariadb.follow(case)
        _judge(world, case, number, front.ask(case))


def ask_only(world: "World") -> None:
    """Let a world come to rest, and ask of each card over and over: what is named is pressed until
    it is yes, one fault strikes, and there has to be none. No look is judged."""
    number = len(LOOKS)
    for after in (LOOKS[0], AT_REST):
        world.until(number, world.start + after - COPIED_BEFORE, world.start + after)
        world.refresh(number, world.start + after)
    for case in world.cases:
        case.care.lists = case.care.lists or frozenset({0})
        world.guarded(number, case, lambda case=case: _ask_over_and_over(world, case, number))
    world.score.devices += len(world.cases)


def _ask_over_and_over(world: "World", case: Case, number: int) -> None:
    for turn in range(TURNS):
        answered = front.ask(case)
        must = must_reach_yes(case, world.strikes.get(case.device.device_id, []))
        if answered:
            answered = _pressed(world, case, number, answered)
        _judge(world, case, number, answered, must=must)
        if answered is None or answered.answer != "yes":
            return  # what struck it is not mended by anything
        if not world.struck(case, number, case.rng("wipe", turn), stands_against):
            return
        world.mariadb.follow(case)
        _judge(world, case, number, front.ask(case))


def _judge(
    world: "World", case: Case, number: int, answered: Answered | None, *, must: bool = False
) -> None:
    strikes = world.strikes.get(case.device.device_id, [])
    lacking = not_here(case, world.mariadb)
    world.score.judge_wipe(case, number, answered, strikes, lacking, must=must)


def note_listing(case: Case, number: int) -> None:
    """Where the last run had a whole listing: what it named was told."""
    if case.switches.card_aside:
        return  # that of another device tells nothing of this one's
    listed = CardListing.objects.filter(device__device_id=case.device.device_id)
    if listed.filter(began_at=front.now_of(case)).exists():
        case.listed_look = number
        if case.listed_at != case.at:
            case.listed_before, case.listed_at = case.listed_at, case.at
        list_card(case)


def must_reach_yes(case: Case, strikes: Sequence[Strike]) -> bool:
    """Nothing struck that could stand against it, and nothing is being written."""
    if any(strike.kind.effect in (LOSS, BLIND) for strike in strikes) or case.written_off:
        return False
    ends = [one.ends for one in (*case.experiments(), *case.recordings())]
    return case.device.status(case.at) == "stopped" and all(end + QUIET <= case.at for end in ends)


def _pressed(world: "World", case: Case, number: int, answered: Answered) -> Answered:
    """What is answered in the end."""
    for _ in range(ROUNDS):
        named = {remedy for _, _, remedy in answered.reasons}
        mended_by = [kind for kind in PRESSED if kind in named]
        if answered.answer == "yes" or not mended_by:
            break
        for kind in mended_by:
            case.later += 1
            world.run(case, kind, number)
        answered = front.ask(case) or answered
    return answered


def stands_against(kind: Kind) -> bool:
    """Whether it may strike after a yes, to see that there is none any more."""
    return kind.family in AFTER_YES and kind.effect != HARMLESS
