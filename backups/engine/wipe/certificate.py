"""The certificate of a yes: what was equal, how that was shown, and when. Kept as it was signed."""

import hashlib
from collections.abc import Iterable

import msgspec

from backups.engine.wipe.facts import WipeFacts, WipeItem

FORMAT = "ethonode certificate 1"
SAYS = (
    "At the moment of the second listing each of these items was on the card as its mark tells, its"
    " content was equal to our copy, and our copy had been read from the disk since. Nothing else"
    " that may be data was below its data root: what programs keep for themselves was left out, by"
    " the folders that are named here. It says nothing of what is written later, on either side."
)


class CertifiedItem(msgspec.Struct, frozen=True, kw_only=True):
    """`mark` is of the card's file, `copy` of ours: what moves when either is written.

    `place`: of our copy below the data root, one character a byte. Empty: the item holds nothing.
    """

    name: str
    size: int
    mark: str
    on_card: bool = True  # as a file: not what the device's MariaDB holds
    place: str = ""
    digest: str = ""
    copy: str = ""
    how: str = ""
    proven_at: str = ""
    read_at: str = ""

    @property
    def path(self) -> bytes:
        return self.place.encode("latin-1")


class CertificateBody(msgspec.Struct, frozen=True, kw_only=True):
    """Times are UTC on our clock, but for `device_clock`. `b2sums` is the digest of that file."""

    format: str
    says: str
    number: str
    device: str
    device_name: str
    card_name: str  # empty: the device does not tell
    card_serial: str
    asked_by: str
    asked_at: str
    listed_at: str
    listed_again_at: str
    listing_digest: str
    boot: str
    device_clock: int
    made_at: str
    item_count: int
    size_bytes: int
    b2sums: str
    replaces: str  # the number of the one before; "": the first of this device
    items: tuple[CertifiedItem, ...]
    left_out: tuple[str, ...] = ()  # folders below the data root that were not looked into


def certified(item: WipeItem) -> CertifiedItem:
    held = item.held if item.size else None
    if held is None or held.read_at is None:
        return CertifiedItem(name=item.name, size=item.size, mark=item.mark, on_card=item.on_card)
    return CertifiedItem(
        name=item.name,
        size=item.size,
        mark=item.mark,
        on_card=item.on_card,
        place=held.place,
        digest=held.digest,
        copy=held.ours,
        how=held.how,
        proven_at=held.proven_at.isoformat(timespec="seconds"),
        read_at=held.read_at.isoformat(timespec="seconds"),
    )


def items_certified(facts: WipeFacts) -> tuple[CertifiedItem, ...]:
    return tuple(map(certified, facts.items or ()))


def b2sums(places: Iterable[tuple[bytes, str]]) -> bytes:
    """The list that `b2sum --strict -c` checks: a path and its digest a line, each once."""
    return b"".join(_line(path, digest) for path, digest in sorted(set(places)))


def _line(path: bytes, digest: str) -> bytes:
    """As b2sum itself writes a name with a backslash or an end of line in it."""
    safe = path.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return (b"\\" if safe != path else b"") + digest.encode() + b"  " + safe + b"\n"


def packed_body(body: CertificateBody) -> bytes:
    """The very bytes that are signed."""
    return msgspec.json.format(msgspec.json.encode(body), indent=1) + b"\n"


def read_body(content: bytes) -> CertificateBody:
    """Raises msgspec.DecodeError."""
    return msgspec.json.decode(content, type=CertificateBody)


def digest_in_hex(content: bytes) -> str:
    return hashlib.blake2b(content).hexdigest()
