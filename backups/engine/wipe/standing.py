"""Whether a certificate still stands: until the device writes, its card changes, or a copy does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from backups.engine.wipe.certificate import CertificateBody


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSince:
    """What was seen since a certificate was made. None: nothing newer, and no reason either.

    `card`: of every file of a newer listing the marks that it may be known by. `copies`: our copies
    by their place as they are now; what is not there is not named. `damaged`: by file name.
    """

    card: Mapping[str, frozenset[str]] | None
    card_serial: str
    written_at: datetime | None  # the device was last seen writing
    copies: Mapping[str, str]
    damaged: Mapping[str, str]


def why_withdrawn(body: CertificateBody, seen: SeenSince) -> str:
    """The first reason; "": it stands. What could not be seen takes nothing away."""
    return next(_reasons(body, seen), "")


def _reasons(body: CertificateBody, seen: SeenSince) -> Iterator[str]:
    if seen.written_at and seen.written_at > datetime.fromisoformat(body.listed_again_at):
        yield f"the device was seen writing at {seen.written_at:%Y-%m-%d %H:%M} UTC"
    if seen.card_serial and body.card_serial and seen.card_serial != body.card_serial:
        yield f"another card is in the device: {seen.card_serial}"
    if seen.card is not None:
        yield from _of_the_card(body, seen.card)
    yield from _of_the_copies(body, seen)


def _of_the_card(body: CertificateBody, card: Mapping[str, frozenset[str]]) -> Iterator[str]:
    listed = {item.name: item.mark for item in body.items}
    for name, marks in card.items():
        if name not in listed:
            yield f"{name} came to the card"
        elif listed[name] not in marks:
            yield f"{name} was written on the card"
    if gone := [item for item in body.items if item.on_card and item.name not in card]:
        yield f"the card holds {len(gone):,} of its things no more: it was wiped, or exchanged"


def _of_the_copies(body: CertificateBody, seen: SeenSince) -> Iterator[str]:
    for item in body.items:
        if not item.place:
            continue
        if why := seen.damaged.get(item.place.rpartition("/")[2]):
            yield f"our copy of {item.name} is damaged: {why}"
        if item.place not in seen.copies:
            yield f"our copy of {item.name} is gone"
        elif seen.copies[item.place] != item.copy:
            yield f"our copy of {item.name} was written, or replaced"
