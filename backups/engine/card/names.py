"""Names that a device tells: one character a byte. None of them climbs."""

from backups.engine.card.errors import BadListing
from backups.engine.card.listing import text_of

LONGEST_NAME = 255


def card_path(text: str) -> bytes:
    """Below the data root; the root itself is empty. None climbs, or is absolute."""
    path = _bytes(text)
    if path and not all(map(_is_name, path.split(b"/"))):
        raise BadListing(f"it has a path that is none: {text[:80]!r}")
    return path


def card_name(text: str) -> bytes:
    name = _bytes(text)
    if b"/" in name or not _is_name(name):
        raise BadListing(f"it has a name that is none: {text_of(name)[:80]!r}")
    return name


def _is_name(name: bytes) -> bool:
    return 0 < len(name) <= LONGEST_NAME and name not in {b".", b".."} and b"\0" not in name


def _bytes(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise BadListing(f"it has a name that is none: {text[:80]!r}") from error
