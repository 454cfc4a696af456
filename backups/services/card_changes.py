"""What came, grew, changed and went on a card since the listing before, kept small."""

from datetime import datetime

import msgspec

from backups.engine.card import BadListing, CardContents, unpacked
from backups.engine.card.differences import differences
from backups.models import CardChange, CardListing
from devices.models import Device

MOST_KEPT = 200  # of a device; a listing that differs in nothing leaves none


def note_changes(
    device: Device, before: CardListing | None, listing: CardContents, *, began_at: datetime
) -> None:
    """Compare with what was listed before; one that this version cannot read tells nothing."""
    if before is None:
        return
    try:
        found = differences(unpacked(bytes(before.packed)), listing)
    except BadListing:
        return
    if not any((found.came.count, found.grew.count, found.changed.count, found.went.count)):
        return
    CardChange.objects.create(
        device=device,
        since=before.began_at,
        listed_at=began_at,
        numbers=msgspec.to_builtins(found),
    )
    kept = CardChange.objects.filter(device=device)
    old = kept.order_by("-listed_at", "-pk")[MOST_KEPT:]
    kept.filter(pk__in=list(old.values_list("pk", flat=True))).delete()
