"""Why one thing on a card may not go: the first rule of the table that matches says it."""

from collections.abc import Callable

from backups.engine.byte_sizes import human_size
from backups.engine.evidence import moment
from backups.engine.wipe.facts import HeldContent, Remedy, WipeItem

QUIET_SECONDS = 600.0  # since a file was last written, both times on the device's own clock
Found = tuple[str, Remedy]
ItemRule = Callable[[WipeItem, float | None], Found | None]


def why_item_lacks(item: WipeItem, *, clock: float | None) -> Found | None:
    """What lacks, and what mends it. None: it is equal here, or holds nothing."""
    return next(filter(None, (rule(item, clock) for rule in ITEM_RULES)), None)


def _odd(item: WipeItem, clock: float | None) -> Found | None:
    if item.kind == "-":
        return None
    return "a link, or no file: nobody knows what it stands for", Remedy.PERSON


def _being_written(item: WipeItem, clock: float | None) -> Found | None:
    if item.log_bytes:
        size = human_size(item.log_bytes)
        why = f"{size} lie beside it that are not in it: it is being written, or was not closed"
        return why, Remedy.PERSON
    return None


def _written_just_now(item: WipeItem, clock: float | None) -> Found | None:
    """A time ahead of the device's clock was given by another clock: that is no time of now.
    Without a clock there is no listing either, and no yes.
    """
    if not item.size or clock is None or item.modified is None:
        return None
    if abs(clock - item.modified) >= QUIET_SECONDS:
        return None
    return "written within the last minutes, by the device's own clock", Remedy.ASK_AGAIN


def _unproven(item: WipeItem, clock: float | None) -> Found | None:
    if not item.size or item.held:
        return None
    if not item.ours:
        return "no copy of it is here", item.brought_by
    return "its content was not held against our copy", item.proven_by


def _held(rule: Callable[[WipeItem, HeldContent], Found | None]) -> ItemRule:
    """A rule about what is held here; an empty item holds nothing that could be."""

    def ruled(item: WipeItem, clock: float | None) -> Found | None:
        return rule(item, item.held) if item.held and item.size else None

    return ruled


def _damaged(item: WipeItem, held: HeldContent) -> Found | None:
    return (f"our copy is damaged: {held.damage}", item.brought_by) if held.damage else None


def _differs(item: WipeItem, held: HeldContent) -> Found | None:
    return (held.differs, item.brought_by) if held.differs else None


def _unlike(item: WipeItem, clock: float | None) -> Found | None:
    return (item.unlike, item.brought_by) if item.unlike and item.size else None


def _written_since(item: WipeItem, held: HeldContent) -> Found | None:
    if not (item.mark and held.mark == item.mark):
        return f"written on the card after {moment(held.proven_at)} UTC", item.brought_by
    if item.grew_at and item.grew_at >= held.proven_at:
        return f"seen growing after it was proven at {moment(held.proven_at)} UTC", item.brought_by
    return None


def _ours_is_another(item: WipeItem, held: HeldContent) -> Found | None:
    if not item.ours:
        return "our copy is gone", item.brought_by
    if item.ours != held.ours:
        return "our copy was written, or replaced, since it was proven", item.proven_by
    return None


def _not_reread(item: WipeItem, held: HeldContent) -> Found | None:
    if held.digest and held.read_at and held.read_at >= held.proven_at:
        return None
    return "our copy was not read from the disk since it was proven", Remedy.VERIFY


ITEM_RULES: tuple[ItemRule, ...] = (
    _odd,
    _being_written,
    _written_just_now,
    _unlike,
    _unproven,
    _held(_damaged),
    _held(_differs),
    _held(_written_since),
    _held(_ours_is_another),
    _held(_not_reread),
)
