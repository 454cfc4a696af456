"""THE RULE of “may I wipe this card?”. Nothing else says yes.

Each rule gives what it finds lacking, and all are asked. What was seen to lack makes a no, what
could not be seen makes “cannot tell”; only where no rule finds anything it is yes. A yes is of the
moment of its question, and of nothing later.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from backups.engine.byte_sizes import human_size
from backups.engine.evidence import moment
from backups.engine.facts import BackupType, ProblemKind
from backups.engine.grammar import counted
from backups.engine.wipe.facts import DiskShown, Remedy, WipeFacts, WipeItem, WriteOff
from backups.engine.wipe.items import why_item_lacks

FULL_PERCENT = 95
DEVICE, CARD, MARIADB = "the device", "the card", "its MariaDB"
IDLE = "stopped"


class MayWipe(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class WipeReason:
    """What lacks of which item, and what mends it."""

    item: str
    lacks: str
    remedy: Remedy
    says: MayWipe


@dataclass(frozen=True, slots=True, kw_only=True)
class WipeAnswer:
    answer: MayWipe
    reasons: tuple[WipeReason, ...]


def may_wipe(facts: WipeFacts) -> WipeAnswer:
    """Ask every rule. A no outranks “cannot tell”."""
    reasons = tuple(reason for rule in RULES for reason in rule(facts))
    said = {reason.says for reason in reasons}
    ranked = (MayWipe.NO, MayWipe.UNKNOWN)
    return WipeAnswer(
        answer=next((one for one in ranked if one in said), MayWipe.YES),
        reasons=tuple(sorted(reasons, key=lambda reason: ranked.index(reason.says))),
    )


def _no(item: str, lacks: str, remedy: Remedy = Remedy.PERSON) -> WipeReason:
    return WipeReason(item=item, lacks=lacks, remedy=remedy, says=MayWipe.NO)


def _unknown(item: str, lacks: str, remedy: Remedy = Remedy.ASK_AGAIN) -> WipeReason:
    return WipeReason(item=item, lacks=lacks, remedy=remedy, says=MayWipe.UNKNOWN)


def _listed(facts: WipeFacts) -> Iterator[WipeReason]:
    """Twice, and for this question."""
    if facts.first is None or facts.last is None or facts.items is None:
        because = facts.unlisted_because or "nobody listed it"
        yield _unknown(CARD, f"could not be listed: {because}")
        return
    if facts.first.began_at < facts.asked_at or facts.last.began_at < facts.first.began_at:
        yield _unknown(CARD, "its listing is older than the question")
    if facts.known_files != 0 and not any(map(_lies_on_card, facts.items)):
        why = "shows nothing of all that it is known to have held: is its disk mounted?"
        yield _unknown(CARD, why, Remedy.PERSON)
    for path, why in dict.fromkeys((*facts.first.unread, *facts.last.unread)):
        yield _unknown(path, f"could not be read on the card: {why}", Remedy.PERSON)


def _lies_on_card(item: WipeItem) -> bool:
    """What its MariaDB still shows, or an empty file, tells nothing of the card's files."""
    return item.on_card and item.size > 0


def _the_same_file_system(facts: WipeFacts) -> Iterator[WipeReason]:
    """Below the place of a partition that is not mounted lies another, smaller world."""
    if facts.last and facts.other_size:
        size, at = facts.other_size
        was = f"{human_size(size)} at {moment(at)} UTC"
        why = f"its data lie on {human_size(facts.last.size_bytes)}, and lay on {was}"
        yield _unknown(CARD, f"{why}: is its partition mounted?", Remedy.PERSON)


def _the_same_device(facts: WipeFacts) -> Iterator[WipeReason]:
    """Addresses move between devices, and cards are cloned with their ssh keys."""
    tellers = (facts.before, facts.after)
    if None in tellers:
        because = facts.silent_because or "it was not asked"
        yield _unknown(DEVICE, f"did not say who it is: {because}")
    for other in dict.fromkeys(one.device_id for one in tellers if one):
        if other != facts.device_id:
            yield _unknown(DEVICE, f"another one answers at its address: {other}", Remedy.PERSON)
    boots = {shown.boot for shown in (facts.first, facts.last) if shown}
    if "" in boots:
        yield _unknown(DEVICE, "did not tell since when it runs")
    if len(boots) > 1:
        yield _unknown(DEVICE, "was started anew while it was asked")


def _the_only_one(facts: WipeFacts) -> Iterator[WipeReason]:
    """Of two devices with one id nobody can say whose card it is that may go."""
    if facts.two_places:
        yield _unknown(DEVICE, f"there may be two of it: {facts.two_places}", Remedy.PERSON)


def _nothing_writes(facts: WipeFacts) -> Iterator[WipeReason]:
    for name in facts.growing:
        yield _no(name, "it grows: stop it first")
    for path in facts.changed:
        yield _no(path, "changed while the question was asked", Remedy.ASK_AGAIN)


def _it_is_idle(facts: WipeFacts) -> Iterator[WipeReason]:
    """One experiment may go while another one is written."""
    if facts.experiment:
        return
    for status in dict.fromkeys(one.status for one in (facts.before, facts.after) if one):
        if not status:
            yield _unknown(DEVICE, "did not say whether it records")
        elif status != IDLE:
            yield _no(DEVICE, f"it is {status}: stop it first")


def _every_item(facts: WipeFacts) -> Iterator[WipeReason]:
    clock = facts.last.clock if facts.last else None
    for item in facts.items or ():
        if found := why_item_lacks(item, clock=clock):
            yield _no(item.name, *found)
        if item.unseen:
            yield _unknown(item.name, f"could not be held against our copy: {item.unseen}")


def _known_problems(facts: WipeFacts) -> Iterator[WipeReason]:
    """What the verdicts know is wrong: lost, damaged, apart, refused; also of what is gone."""
    if facts.problems is None:
        because = facts.unlooked_because or "nobody looked"
        yield _unknown("our copies", f"could not be looked at: {because}")
    for backup_type, kind, problem in facts.problems or ():
        is_other = problem.name in facts.others
        yield _no(problem.name, problem.reason, _remedy(backup_type, kind, is_other=is_other))


def _remedy(backup_type: BackupType, kind: ProblemKind, *, is_other: bool) -> Remedy:
    if kind is ProblemKind.LOST:
        return Remedy.PERSON
    if is_other:
        return Remedy.PULL_FILES
    return {
        BackupType.MYSQL: Remedy.MIRROR,
        BackupType.SQLITE: Remedy.PULL_RESULTS,
        BackupType.VIDEO: Remedy.PULL_VIDEOS,
    }[backup_type]


def _write_offs(facts: WipeFacts) -> Iterator[WipeReason]:
    if facts.write_offs is None:
        yield _unknown("what was written off", "was not looked up")
    yield from (_nameless(one) for one in facts.write_offs or () if not one.by)


def _nameless(one: WriteOff) -> WipeReason:
    return _no(one.name, "written off, and nobody knows by whom: take it back, or do it again")


def _mariadb(facts: WipeFacts) -> Iterator[WipeReason]:
    shown = facts.mariadb
    if shown is None:
        yield _unknown(MARIADB, "was not asked")
    elif shown.error and (shown.expected or not shown.is_none):
        yield _unknown(MARIADB, f"could not be read: {shown.error}")


def _our_disks(facts: WipeFacts) -> Iterator[WipeReason]:
    if not facts.disks:
        yield _unknown("our own disk", "was not looked at")
    for disk in facts.disks:
        yield from _our_disk(disk)


def _our_disk(disk: DiskShown) -> Iterator[WipeReason]:
    if disk.error or disk.used_percent is None or disk.read_only is None:
        because = disk.error or "it does not tell how full it is"
        yield _unknown(disk.folder, f"our own disk could not be read: {because}", Remedy.PERSON)
        return
    if disk.used_percent >= FULL_PERCENT:
        yield _no(disk.folder, f"our own disk is {disk.used_percent:.0f} % full")
    if disk.read_only:
        yield _no(disk.folder, "our own disk can only be read: what is wrong with it?")
    if disk.fault_count:
        yield _no(disk.folder, f"our own disk counted {counted(disk.fault_count, 'error')}")


def _second_copies(facts: WipeFacts) -> Iterator[WipeReason]:
    """Where two proved copies are asked for, one is none."""
    if facts.asks_for_second is None:
        yield _unknown("second copies", "whether its policy asks for them was not looked up")
    if not facts.asks_for_second:
        return
    if facts.second_lacking is None or facts.second_silent:
        because = facts.second_silent or "nobody tells of any"
        yield _unknown("second copies", f"are asked for: {because}", Remedy.PERSON)
    for name in facts.second_lacking or ():
        yield _no(name, "has no second copy that was proven", Remedy.SECOND_COPY)


Rule = Callable[[WipeFacts], Iterable[WipeReason]]
RULES: tuple[Rule, ...] = (
    _listed,
    _the_same_file_system,
    _the_same_device,
    _the_only_one,
    _nothing_writes,
    _it_is_idle,
    _every_item,
    _known_problems,
    _write_offs,
    _mariadb,
    _our_disks,
    _second_copies,
)
