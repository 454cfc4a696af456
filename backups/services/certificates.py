"""Certificates of a yes: made, signed, looked at again, and withdrawn. None is ever deleted."""

from datetime import UTC, datetime
from pathlib import PurePosixPath
from zlib import compress, decompress

import msgspec
from django.conf import settings

from backups.engine.card import BadListing, CardContents, unpacked
from backups.engine.copies.place import alike
from backups.engine.pull import ensure_key
from backups.engine.signing import allowed_signers, sign
from backups.engine.wipe import WipeFacts
from backups.engine.wipe.certificate import (
    FORMAT,
    SAYS,
    CertificateBody,
    b2sums,
    digest_in_hex,
    items_certified,
    packed_body,
    read_body,
)
from backups.engine.wipe.standing import SeenSince, why_withdrawn
from backups.models import CardListing, WipeCertificate
from backups.services.card_listings import look_at, own_databases
from backups.services.wipe_items import damaged_names
from backups.services.wipe_marks import copies_now, marks_on_card
from devices.models import Device

FILE_NAMES = (
    "certificate.json", "certificate.json.sig", "B2SUMS", "B2SUMS.sig", "allowed_signers",
)  # fmt: skip


def certify(device: Device, facts: WipeFacts, *, asked_by: str, now: datetime) -> WipeCertificate:
    """Of an answer that was yes. Raises KeyFailed, SigningFailed."""
    public = ensure_key(settings.CERTIFICATE_KEY_FILE)
    body = _body(device, facts, asked_by=asked_by, now=now)
    sums = b2sums((item.path, item.digest) for item in body.items if item.place)
    content = packed_body(msgspec.structs.replace(body, b2sums=digest_in_hex(sums)))
    return WipeCertificate.objects.create(
        number=body.number,
        device=device,
        device_id_then=device.device_id,
        device_name=device.name,
        made_at=now,
        listed_at=facts.last.began_at if facts.last else now,
        asked_by=asked_by,
        item_count=body.item_count,
        size_bytes=body.size_bytes,
        body=compress(content),
        body_digest=digest_in_hex(content),
        body_signature=sign(settings.CERTIFICATE_KEY_FILE, public, content),
        sums=compress(sums),
        sums_signature=sign(settings.CERTIFICATE_KEY_FILE, public, sums),
        signed_by=public,
        checked_at=now,
    )


def _body(device: Device, facts: WipeFacts, *, asked_by: str, now: datetime) -> CertificateBody:
    first, last = facts.first, facts.last
    if first is None or last is None:
        raise ValueError("what was not listed is no yes")
    before = WipeCertificate.objects.filter(device=device).first()
    items = items_certified(facts)
    return CertificateBody(
        format=FORMAT,
        says=SAYS,
        number=number_at(device, now),
        device=device.device_id,
        device_name=device.name,
        card_name=device.card_name,
        card_serial=last.serial,
        asked_by=asked_by,
        asked_at=_text(facts.asked_at),
        listed_at=_text(first.began_at),
        listed_again_at=_text(last.began_at),
        listing_digest=last.digest,
        boot=last.boot,
        device_clock=int(last.clock),
        made_at=_text(now),
        item_count=len(items),
        size_bytes=sum(item.size for item in items),
        b2sums="",
        replaces=before.number if before else "",
        items=items,
        left_out=facts.left_out,
    )


def number_at(device: Device, now: datetime) -> str:
    """Its moment and device; of several that would be called so (asked twice in a second, or by a
    clock that was set back) the first that is free."""
    called = f"{now:%Y%m%d-%H%M%S}-{device.device_id[:12]}"
    those = WipeCertificate.objects.filter(number__startswith=called)
    taken = set(those.values_list("number", flat=True))
    return next(name for name in alike(called) if name not in taken)


def review_certificates(device: Device, *, now: datetime) -> int:
    """Look at those of a device that stand, and withdraw what no longer holds. Gives how many."""
    standing = WipeCertificate.objects.filter(device=device, withdrawn_at=None)
    return sum(_review(device, one, now=now) for one in standing)


def _review(device: Device, one: WipeCertificate, *, now: datetime) -> bool:
    body = read_body(content_of(one))
    one.checked_at, one.check_error = now, ""
    try:
        one.withdrawn_why = why_withdrawn(body, _seen_since(device, body))
    except (OSError, BadListing) as error:
        one.check_error = str(error)[:300]
    one.withdrawn_at = now if one.withdrawn_why else None
    one.save(update_fields=["checked_at", "check_error", "withdrawn_at", "withdrawn_why"])
    return bool(one.withdrawn_at)


def _seen_since(device: Device, body: CertificateBody) -> SeenSince:
    """Raises OSError, BadListing."""
    listed_at = datetime.fromisoformat(body.listed_again_at)
    row = CardListing.objects.filter(device=device, began_at__gt=listed_at).first()
    listing = unpacked(bytes(row.packed)) if row else None
    return SeenSince(
        card=_marks(device, listing) if listing else None,
        card_serial=listing.health.serial if listing else "",
        written_at=_written_at(device),
        copies=copies_now((item.place, item.copy) for item in body.items if item.place),
        damaged=damaged_names(device),
    )


def _marks(device: Device, listing: CardContents) -> dict[str, frozenset[str]]:
    looked = look_at(device, listing, root=PurePosixPath(settings.DEVICE_DATA_ROOT))
    return marks_on_card(listing, own=own_databases(looked))


def _written_at(device: Device) -> datetime | None:
    """The last moment at which anybody saw the device write."""
    seen = [device.changed_at, device.recording_at]
    for one in device.experiments.all():
        seen += [one.changed_at, one.first_seen_at]
    return max(filter(None, seen), default=None)


def content_of(one: WipeCertificate) -> bytes:
    """The bytes that were signed."""
    return decompress(bytes(one.body))


def sums_of(one: WipeCertificate) -> bytes:
    return decompress(bytes(one.sums))


def files_of(one: WipeCertificate) -> dict[str, bytes]:
    """What is downloaded, by name: all that anybody needs to check it."""
    contents = (
        content_of(one),
        one.body_signature.encode(),
        sums_of(one),
        one.sums_signature.encode(),
        allowed_signers(one.signed_by).encode(),
    )
    return dict(zip(FILE_NAMES, contents, strict=True))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
