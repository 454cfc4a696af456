"""One look at one recording: from what was remembered, seen and told to what is remembered now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from backups.engine.videos.damage import (
    Damages,
    Heads,
    find_damage,
    healed,
    unread_heads,
)
from backups.engine.videos.judge import Growth, Judged, judge_recording
from backups.engine.videos.ledger import HERE, Here, KnownFiles, pack_items, unpack_items
from backups.engine.videos.names import is_video, numbered
from backups.engine.videos.telling import (
    CHUNK_SECONDS,
    Moment,
    Told,
    miss,
    note_holes,
    reopen,
    see,
    see_gone,
    tell,
)

CHUNK_SECONDS_AT_MOST = CHUNK_SECONDS * 11 // 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is remembered of a recording. Times are seconds on our clock; 0: never."""

    memory: bytes = b""
    told_at: int = 0  # when a listing of the card last named it
    looked_at: int = 0  # when it was last held against the disk
    first_known: int = 0
    advanced_at: int = 0  # when the newest number here last rose
    grew_at: int = 0  # when it was last seen growing
    newest_number: int = 0  # here
    sealed: int = 0  # up to this number a listing of the card named all that there was


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one look finds. `told` None: nobody tells now, and all stands as it was told."""

    now: int
    device_id: bytes
    here: Mapping[bytes, Here]
    told: Mapping[bytes, Told] | None = None
    told_before: int = 0
    clock_is_right: bool = False
    growing: bool = False
    damages: Damages = field(default_factory=dict)
    read: Callable[[list[bytes]], Heads] = lambda names: {}  # first bytes, by name

    @property
    def moment(self) -> Moment:
        return Moment(
            now=self.now, told_before=self.told_before, clock_is_right=self.clock_is_right
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What came of it. `found` and `healed`: damage that is new, and that is no more."""

    record: Record
    judged: Judged
    known_count: int
    unread_count: int  # files whose first bytes nobody has seen yet
    found: Damages
    healed: set[bytes]


def look_at(record: Record, sight: Sight) -> Looked:
    """Hold what is known of a recording against the disk. The device's own list tells of it."""
    items = unpack_items(record.memory)
    if sight.told is not None:
        tell(items, sight.told, sight.moment)
        miss(items, sight.told.keys(), chunks_only=True)
    see(items, sight.here, sight.moment, device_id=sight.device_id)
    see_gone(items, sight.here.keys(), looked_before=record.looked_at)
    if sight.growing:
        reopen(items)
    note_holes(items, sight.moment, sealed=record.sealed)
    unread = unread_heads(items, sight.here, sight.damages)
    heads = sight.read(unread)
    found = find_damage(items, sight.here, heads, sight.damages)
    well = healed(items, sight.here, sight.damages)
    damages = {k: v for k, v in sight.damages.items() if k not in well} | {
        name: replace(damage, since=damage.since or sight.now) for name, damage in found.items()
    }
    after = _advanced(record, items, sight)
    judged = judge_recording(items, sight.here, damages, _growth(after, sight))
    return Looked(
        record=replace(after, memory=pack_items(items)),
        judged=judged,
        known_count=len(items),
        unread_count=len(unread) - len(heads),
        found={name: damages[name] for name in found},
        healed=well,
    )


def hear_listing(record: Record, sight: Sight, *, complete: bool, at: int) -> Record:
    """Remember what a listing of the card with sizes says, by whoever began to read it then."""
    items = unpack_items(record.memory)
    see(items, sight.here, sight.moment, device_id=sight.device_id)
    told = sight.told or {}
    tell(items, told, sight.moment)
    if complete:
        miss(items, told.keys(), chunks_only=False)
    if sight.growing:
        reopen(items)
    videos = [name for name in told if complete and is_video(name)]  # a note's number seals nothing
    numbers = [place.number for name in videos if (place := numbered(name))]
    return replace(
        record,
        memory=pack_items(items),
        told_at=at if told else record.told_at,
        first_known=record.first_known or min((f.known for f in items.values()), default=sight.now),
        sealed=max([record.sealed, *numbers]),
    )


def _advanced(record: Record, items: KnownFiles, sight: Sight) -> Record:
    """Note whether a newer number is here than ever before, and since when that is so."""
    known = [(place.number, item) for name, item in items.items() if (place := numbered(name))]
    here = [pair for pair in known if pair[1].has(HERE) and pair[1].held]
    newest = max(here, key=lambda pair: pair[0], default=None)
    first = min((item.known for item in items.values()), default=sight.now)
    after = replace(
        record,
        looked_at=sight.now,
        first_known=record.first_known or first,
        grew_at=sight.now if sight.growing else record.grew_at,
    )
    if newest is None or newest[0] <= record.newest_number:
        return after
    at = sight.now if record.looked_at else min(sight.now, newest[1].known + CHUNK_SECONDS)
    return replace(after, advanced_at=at, newest_number=newest[0])


def _growth(record: Record, sight: Sight) -> Growth:
    """Numbers that rise too slowly lag too: so many chunks cannot hold more than their time."""
    covered = record.first_known + record.newest_number * CHUNK_SECONDS_AT_MOST
    return Growth(
        growing=sight.growing,
        advanced_at=min(record.advanced_at or sight.now, covered),
        grew_at=record.grew_at,
        told_at=record.told_at,
    )
