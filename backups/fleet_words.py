"""What the first page and the wall say of the fleet, from facts alone: one sentence, and of each
device what lacks, how much of it is only on its card, and the next step."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backups.badges import size
from backups.dashboard import DeviceStatus, Fleet
from backups.engine.card.outlook import Concern
from backups.engine.facts import Risk
from backups.engine.grammar import counted
from backups.engine.verdict import Verdict
from backups.words import NOT_LOOKED_AT, TYPE_NAMES, hours, worst_type

WELL = frozenset({Verdict.PROTECTED, Verdict.NONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A device that is not well, or whose card is not."""

    status: DeviceStatus
    concern: Concern | None
    lacks: str
    how_much: str
    next_step: str


def fleet_in_words(
    fleet: Fleet, concerns: dict[int, Concern], *, most: int, now: datetime
) -> dict[str, Any]:
    """What pages show of the fleet: so many rows of those that are not well, and what is left."""
    rows = needs_of(fleet.active, concerns, now=now)
    return {
        "fleet": fleet,
        "now": now,
        "sentence": fleet_sentence(fleet),
        "rows": rows[:most],
        "rows_left": len(rows[most:]),
    }


def fleet_sentence(fleet: Fleet) -> str:
    """ "22 of 24 devices are safe; of 1 it is not known. 1.2 GiB exist only on cards."."""
    on_cards = _on_cards(fleet.risk)
    return f"{_safe(fleet)}. {on_cards[0].upper()}{on_cards[1:]}."


def _safe(fleet: Fleet) -> str:
    counts, watched = fleet.counts, len(fleet.active)
    safe = counts[Verdict.PROTECTED]
    are = "is" if watched == 1 else "are"
    said = [f"{safe} of {counted(watched, 'device') if watched else 'no devices'} {are} safe"]
    if nothing := counts[Verdict.NONE]:
        said.append(f"{nothing} {'has' if nothing == 1 else 'have'} nothing to save")
    if unknown := counts[Verdict.UNKNOWN]:
        said.append(f"of {unknown} it is not known")
    return "; ".join(said)


def _on_cards(risk: Risk) -> str:
    amounts = " and ".join(_amounts(risk))
    if not risk.items:
        said = "nothing that was told of exists only on cards"
    elif not amounts:
        verb = "exists" if risk.items == 1 else "exist"
        items = counted(risk.items, "item")
        said = f"{items} {verb} only on cards, and how much that is was not told"
    else:
        said = f"{'at least ' if risk.is_at_least else ''}{amounts} exist only on cards"
    blind = "1 card nobody" if risk.blind == 1 else f"{risk.blind} cards nobody"
    return f"{said}; of {blind} could tell" if risk.blind else said


def _amounts(risk: Risk) -> Iterator[str]:
    if risk.bytes:
        yield size(risk.bytes)
    if risk.seconds:
        yield hours(risk.seconds)
    if risk.rows and not risk.seconds:
        yield f"{risk.rows:,} rows"


def needs_of(
    devices: tuple[DeviceStatus, ...], concerns: dict[int, Concern], *, now: datetime
) -> list[Need]:
    """Worst first: those of a bad verdict, then those of which only the card is bad."""
    unwell = [status for status in devices if status.verdict not in WELL]
    well = [status for status in devices if status.verdict in WELL]
    return [
        *(_need(status, concerns.get(status.device.pk)) for status in unwell),
        *(
            _need(status, concern)
            for status in well
            if (concern := concerns.get(status.device.pk)) and concern.ails
        ),
    ]


def _need(status: DeviceStatus, concern: Concern | None) -> Need:
    kind = worst_type(status)
    if kind is None:
        return Need(
            status=status, concern=concern, lacks=NOT_LOOKED_AT, how_much="not known",
            next_step="a first look: “Refresh all now”",
        )  # fmt: skip
    judgement = status.backups[kind].judgement
    if status.verdict in WELL and concern:
        lacks, next_step = f"Its card: {concern.says}", concern.do
    else:
        lacks, next_step = f"{TYPE_NAMES[kind]}: {judgement.rule}", judgement.clears
    return Need(
        status=status,
        concern=concern,
        lacks=lacks,
        how_much=how_much(status.risk),
        next_step=next_step,
    )


def how_much(risk: Risk) -> str:
    """What of one device exists only on its card, in short."""
    if not risk.items:
        return "not known" if risk.blind else "nothing"
    least = "at least " if risk.is_at_least else ""
    amounts = list(_amounts(risk)) or [counted(risk.items, "item")]
    return least + ", ".join(amounts)
