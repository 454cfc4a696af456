"""What is told of a recording, and what is seen of it here, written into what is remembered."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain, groupby, islice

from backups.engine.videos.ledger import (
    ABSENT,
    BEGINS,
    EQUAL,
    HELD,
    HERE,
    OPEN,
    SIZED,
    TOLD,
    Here,
    KnownFile,
    KnownFiles,
)
from backups.engine.videos.names import (
    Numbered,
    gaps_between,
    is_of,
    is_recorded,
    is_video,
    numbered,
    stamp_of,
)

CHUNK_SECONDS = 300
ZONE_MARGIN = 12 * 3600  # a start is in the device's local time: taken at its latest
FIRST_BELIEVABLE = int(datetime(2010, 1, 1, tzinfo=UTC).timestamp())
CLOCK_IS_RIGHT = timedelta(minutes=5)
Seals = dict[tuple[bytes, bytes], int]  # by series
MOST_HOLES = 100_000  # of one series: a chunk's number has five digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When something is learned of a recording: now, and when it was last told of before."""

    now: int
    told_before: int = 0  # 0: never
    clock_is_right: bool = False  # the device's, as far as anyone knows

    def known_since(self, name: bytes) -> int:
        """Since when there is such a file: never later than now, earlier only for a reason."""
        if self.told_before:
            return min(self.now, self.told_before)
        begun = self.begun_by(name)
        return min(self.now, begun) if begun else self.now

    def over_by(self, stamp: bytes, count: int) -> int:
        """By when so many chunks of a recording were full, if its start can be believed."""
        start = self.begun_by(stamp)
        return min(self.now, start + count * CHUNK_SECONDS) if start else self.now

    def begun_by(self, name: bytes) -> int:
        """By when the file was begun, as its name says; 0 where that cannot be believed."""
        start = _start(stamp_of(name)) if self.clock_is_right else 0
        if start < FIRST_BELIEVABLE:
            return 0
        place = numbered(name)
        passed = (place.number - 1) * CHUNK_SECONDS if place else 0
        return start + ZONE_MARGIN + passed


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One file as a listing tells it; `size` None: by its name only."""

    size: int | None = None
    by_content: bool = False  # both sides were read, and are equal
    is_other: bool = False  # than the one here, as far as whoever told could see


def tell(items: KnownFiles, told: Mapping[bytes, Told], moment: Moment) -> None:
    """Remember what a listing names."""
    for name, file in told.items():
        item = items.get(name)
        if item is None:
            item = items[name] = KnownFile(known=moment.known_since(name))
        item.flags = (item.flags | TOLD) & ~ABSENT
        if file.size is not None:
            _tell_size(item, file, file.size)


def _tell_size(item: KnownFile, file: Told, size: int) -> None:
    """A size that was told once is wanted for ever: what a device holds less of, it lost."""
    if file.is_other and item.held == size:
        item.flags &= ~(SIZED | EQUAL)  # the size alone would say that they are the same
        return
    item.flags = item.flags & ~OPEN | SIZED
    if file.by_content and item.has(HERE):
        item.told = item.held = size  # whatever it was before: it is the device's own now
        item.flags |= EQUAL
        return
    item.flags |= ABSENT if size < item.told else 0
    item.told = max(item.told, size)


def miss(items: KnownFiles, told: Collection[bytes], *, chunks_only: bool) -> None:
    """Remember what a complete listing does not name. The device's own lists chunks only."""
    for name, item in items.items():
        if name not in told and item.has(TOLD | HELD) and not (chunks_only and not _is_chunk(name)):
            item.flags |= ABSENT


def see(items: KnownFiles, here: Mapping[bytes, Here], moment: Moment, *, device_id: bytes) -> None:
    """Remember what lies here."""
    for name, file in here.items():
        item = items.get(name)
        if item is None and is_recorded(name) and is_of(name, device_id):
            item = items[name] = KnownFile(known=moment.known_since(name))
        if item:
            _see(item, file)


def see_gone(items: KnownFiles, here: Collection[bytes], *, looked_before: int) -> None:
    """Remember what lies here no more: it did at the look before."""
    for name, item in items.items():
        if item.has(HERE) and name not in here:
            item.flags &= ~(HERE | EQUAL | BEGINS)
            item.seen = looked_before


def _see(item: KnownFile, file: Here) -> None:
    if not (item.flags & HERE and item.seen == file.content):
        if item.has(HERE) and item.has(SIZED) and item.held == item.told:
            item.flags = item.flags & ~SIZED | OPEN  # it was whole, and somebody wrote it since
        item.flags &= ~(EQUAL | BEGINS)  # a proof belongs to the content that was seen
        item.seen = file.content
    item.held = max(item.held, file.size)
    item.flags |= HERE | HELD if file.size else HERE


def note_holes(items: KnownFiles, moment: Moment, *, sealed: int) -> None:
    """Let every number that lacks be an item.

    Up to the number `sealed` a listing of the card named all that the device had: in each series
    up to what was told of that.
    """
    seals = _seals(items, sealed)
    for name in [name for name, item in items.items() if not item.has(TOLD | HELD)]:
        place = numbered(name)
        if place and place.number <= seals.get(place.series, 0):
            del items[name]
    for last, gaps in _gaps(items, seals):
        for number in islice(chain.from_iterable(gaps), MOST_HOLES):
            name = _name(last, number)
            items.setdefault(name, KnownFile(known=moment.known_since(name)))


def _seals(items: KnownFiles, sealed: int) -> Seals:
    seals: Seals = {}
    for name, item in items.items():
        if item.has(TOLD) and (place := numbered(name)):
            seals[place.series] = max(seals.get(place.series, 0), min(place.number, sealed))
    return seals


def _gaps(items: KnownFiles, seals: Seals) -> Iterator[tuple[Numbered, list[range]]]:
    """Of each series of chunks that was ever told or held: its last, and the gaps before that."""
    places = [numbered(name) for name, item in items.items() if _is_known(name, item)]
    known = sorted((place for place in places if place), key=_order)
    for _, series in groupby(known, key=lambda place: place.series):
        one = list(series)
        sealed = seals.get(one[-1].series, 0)
        beyond = [place.number for place in one if place.number > sealed]
        yield one[-1], gaps_between([sealed, *beyond])


def _order(place: Numbered) -> tuple[tuple[bytes, bytes], int]:
    return place.series, place.number


def _is_known(name: bytes, item: KnownFile) -> bool:
    return item.has(TOLD | HELD) and is_video(name)


def _name(place: Numbered, number: int) -> bytes:
    return place.before + str(number).zfill(place.digits).encode() + place.after


def _is_chunk(name: bytes) -> bool:
    return name.endswith(b".h264")


@lru_cache(maxsize=64)
def _start(stamp: bytes) -> int:
    try:
        at = datetime.strptime(stamp.decode(), "%Y-%m-%d_%H-%M-%S").replace(tzinfo=UTC)
    except ValueError:
        return 0
    return max(int(at.timestamp()), 0)


def reopen(items: KnownFiles) -> None:
    """The recording goes on: what was told of its newest file is not its end."""
    places = [(numbered(name), item) for name, item in items.items() if _is_known(name, item)]
    newest = max((place.number for place, _ in places if place), default=0)
    for place, item in places:
        if place and place.number == newest and item.has(SIZED):
            item.flags = item.flags & ~SIZED | OPEN
