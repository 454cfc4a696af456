"""Where a device is, when several tell: whose telling is believed, and where else its id is. Pure.

A device is at home at the node that told of it first. While that one tells of it, it stays there,
at the address that it has there, whoever else tells of it too: that another does is written down.
Where its node answers and leaves it out, or has given it up, it has moved once others have told of
it for a whole cycle. The silence of a node moves nothing, and ends nothing that was found.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from devices.addresses import Address, plain_address
from devices.records import DeviceRecord

GIVEN_UP = "offline"  # what a node calls a device that it has not reached for long
ITSELF = ""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One device as one node told of it, or as it told itself."""

    node: str
    record: DeviceRecord

    @property
    def alive(self) -> bool:
        return self.record.status != GIVEN_UP


@dataclass(frozen=True, slots=True)
class OtherPlace:
    """Where an id was told of beside the place that is believed; `since`: on our clock."""

    node: str
    address: str
    since: datetime

    def packed(self) -> list[str]:
        return [self.node, self.address, self.since.isoformat()]

    @classmethod
    def unpacked(cls, told: Sequence[str]) -> "OtherPlace":
        node, address, since = told
        return cls(node, address, datetime.fromisoformat(since))


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """What is known of where a device is. `node` "": of no node that is set."""

    node: str = ITSELF
    address: str = ""
    others: tuple[OtherPlace, ...] = ()
    untold_at: datetime | None = None  # since when its node leaves it to others to tell of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """`believed` None: nobody told of it who is believed. `doubt`: why it is not all believed."""

    believed: Sighting | None
    whereabouts: Whereabouts
    doubt: str = ""


def settle(
    known: Whereabouts,
    sightings: Iterable[Sighting],
    *,
    order: Sequence[str],
    silent: Collection[str],
    now: datetime,
) -> Placed:
    """Hold against what is known all that was told at one look, in whichever order it came in.

    `order`: the names of all nodes, as they are set. `silent`: of those that did not answer.
    """
    ranks = {name: rank for rank, name in enumerate(order)}
    told = sorted(sightings, key=lambda it: _rank(it, known, ranks))
    believed, untold_at = _believed(known, told, silent, now)
    node = (believed.node if believed else "") or known.node
    address = (believed.record.address if believed else "") or known.address
    found = list(_elsewhere(believed, told)) if believed and believed.alive else []
    kept = _kept(known, told, silent, waits=not (believed and believed.alive))
    others = _others([*kept, *_found(known, found, now)], node=node, address=address)
    whereabouts = Whereabouts(node=node, address=address, others=others, untold_at=untold_at)
    doubt = _doubt(believed, found) if believed else ""
    if believed and doubt:
        record = replace(believed.record, inventory_error=doubt)
        believed = Sighting(believed.node, record)
    return Placed(believed=believed, whereabouts=whereabouts, doubt=doubt)


def _rank(
    sighting: Sighting, known: Whereabouts, ranks: dict[str, int]
) -> tuple[bool, bool, int, str]:
    """Whoever told first is believed first, and nodes before what answers for itself."""
    is_at_home = bool(known.node) and sighting.node == known.node
    address = sighting.record.address
    return not is_at_home, address != known.address, ranks.get(sighting.node, len(ranks)), address


def _believed(
    known: Whereabouts, told: Sequence[Sighting], silent: Collection[str], now: datetime
) -> tuple[Sighting | None, datetime | None]:
    """And since when its node leaves it to others."""
    alive = [sighting for sighting in told if sighting.alive] or told
    if not alive:
        return None, known.untold_at if known.node in silent else None
    first = alive[0]
    if not known.node or first.node == known.node:
        return first, None
    for_itself = [sighting for sighting in alive if sighting.node == ITSELF]
    if known.node in silent:
        return (for_itself[0], None) if for_itself else (None, known.untold_at)
    if all(sighting.node == ITSELF for sighting in alive):
        return first, None
    if known.untold_at is not None and known.untold_at != now:
        return next(sighting for sighting in alive if sighting.node), None
    at_home = [sighting for sighting in told if sighting.node == known.node]
    return (at_home[0] if at_home else None), now


def _elsewhere(believed: Sighting, told: Sequence[Sighting]) -> Iterator[Sighting]:
    for sighting in told:
        if sighting is not believed and sighting.alive and _is_another_place(believed, sighting):
            yield sighting


def _is_another_place(one: Sighting, other: Sighting) -> bool:
    """Two nodes are. One device that answers for itself may be reached by several names."""
    if one.node and other.node:
        return one.node != other.node
    (host, port), (other_host, other_port) = _number(one), _number(other)
    if host is None or other_host is None:
        return _differ(one, other)
    return host != other_host or bool(port and other_port and port != other_port)


def _number(sighting: Sighting) -> tuple[Address | None, str]:
    """Of its address, if it is no name; and its port, if that is told."""
    host, _, port = sighting.record.address.partition(":")
    return plain_address(host), port


def _differ(one: Sighting, other: Sighting) -> bool:
    return _what_it_has(one.record) != _what_it_has(other.record)


def _what_it_has(record: DeviceRecord) -> tuple[str, frozenset[str]]:
    return record.name, frozenset(one.filename for one in record.experiments)


def _found(known: Whereabouts, found: Iterable[Sighting], now: datetime) -> Iterator[OtherPlace]:
    """What was found before is as old as that."""
    since = {_key(place.node, place.address): place.since for place in known.others}
    for sighting in found:
        key = _key(sighting.node, sighting.record.address)
        yield OtherPlace(sighting.node, sighting.record.address, since.get(key, now))


def _kept(
    known: Whereabouts, told: Iterable[Sighting], silent: Collection[str], *, waits: bool
) -> Iterator[OtherPlace]:
    """Of what was found before that which no answer has ended.

    `waits`: nobody who is believed tells that it is at one place only.
    """
    still = {sighting.node for sighting in told if sighting.alive}
    for place in known.others:
        if place.node in silent or (waits and place.node in still):
            yield place


def _others(places: Iterable[OtherPlace], *, node: str, address: str) -> tuple[OtherPlace, ...]:
    """Each once, the newest as it was told last; not the place that it is at."""
    by_key = {_key(place.node, place.address): place for place in places}
    here = {_key(node, address), _key(ITSELF, address)}
    elsewhere = (place for key, place in by_key.items() if key not in here)
    return tuple(sorted(elsewhere, key=lambda place: (place.node, place.address)))


def _key(node: str, address: str) -> str:
    """A node tells of one address, which may change; for itself each answers at its own."""
    return node or f"at {address}"


def _doubt(believed: Sighting, found: Sequence[Sighting]) -> str:
    """A card that was cloned: of two devices with one machine id one would be watched by nobody."""
    for other in found:
        is_elsewhere = other.record.address != believed.record.address
        both = believed.record.answering and other.record.answering
        if is_elsewhere and both and _differ(believed, other):
            places = " and ".join(sorted(map(_place, (believed, other))))
            return f"two devices answer with this machine id, at {places}: a cloned card?"
    return ""


def _place(sighting: Sighting) -> str:
    return place_in_words(sighting.node, sighting.record.address)


def place_in_words(node: str, address: str) -> str:
    told_by = f" (node {node})" if node else ""
    return f"{address or 'an unknown address'}{told_by}"


def told_twice(node: str, address: str, others: Sequence[OtherPlace]) -> str:
    """The finding in words, of which each place is named and which is believed; "": there is none.

    `node` "": the places are named without their nodes.
    """
    if not others:
        return ""
    there = ", ".join(place_in_words(node and place.node, place.address) for place in others)
    here = place_in_words(node, address)
    return f"its machine id is at {len(others) + 1} places at once: {here}, believed, and {there}"
