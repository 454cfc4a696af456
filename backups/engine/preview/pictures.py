"""Pictures of IMG_SNAPSHOTS: never decoded here; one that is a picture is given as it is."""

from dataclasses import dataclass

from backups.engine.preview.guard import Guard, NotShown
from backups.engine.preview.tables import columns_of

SHOWN = 6
LARGEST = 8 * 1024 * 1024
_KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
_TABLE = "IMG_SNAPSHOTS"
_ONE = f"SELECT img FROM {_TABLE} WHERE id = ? AND typeof(img) = 'blob' AND length(img) <= ?"  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """`number`: its id. `t`: milliseconds since the start, if it says so."""

    number: int
    t: float | None


def pictures_of(guard: Guard) -> tuple[Picture, ...]:
    """Some, from the first to the last. Raises NotShown."""
    if _TABLE not in guard.ordinary or not _has_pictures(guard):
        return ()
    ((low, high),) = guard.ask(f"SELECT min(id), max(id) FROM {_TABLE}")  # noqa: S608
    if not (isinstance(low, int) and isinstance(high, int)):
        return ()
    wanted = {low + (high - low) * place // (SHOWN - 1) for place in range(SHOWN)}
    query = f"SELECT id, t FROM {_TABLE} WHERE id >= ? ORDER BY id LIMIT 1"  # noqa: S608
    rows = {row for place in sorted(wanted) for row in guard.ask(query, (place,))}
    return tuple(
        Picture(number=number, t=t if isinstance(t, int | float) else None)
        for number, t in sorted(rows, key=lambda row: int(row[0]))
    )


def picture_of(guard: Guard, number: int) -> tuple[str, bytes]:
    """Its type and its bytes. Raises NotShown where it is none, or too large."""
    if _TABLE not in guard.ordinary or not _has_pictures(guard):
        raise NotShown("it has no pictures")
    rows = guard.ask(_ONE, (number, LARGEST))
    content = rows[0][0] if rows else b""
    kind = next((kind for magic, kind in _KINDS.items() if content.startswith(magic)), "")
    if not kind:
        raise NotShown("there is no such picture")
    return kind, content


def _has_pictures(guard: Guard) -> bool:
    return {"id", "t", "img"} <= set(columns_of(guard, _TABLE)[0])
