"""What a device's card holds: its newest whole listing."""

from django.db import models


class CardListing(models.Model):
    """Read over ssh from the card itself. `packed`: every file with its size and time."""

    device = models.OneToOneField(
        "devices.Device", on_delete=models.CASCADE, related_name="card_listing"
    )
    began_at = models.DateTimeField()  # on our clock: what is listed was there later
    head = models.JSONField(default=dict)  # its clock, boot, free space, faults
    folder_count = models.PositiveIntegerField(default=0)
    file_count = models.PositiveIntegerField(default=0)
    size_bytes = models.PositiveBigIntegerField(default=0)
    packed = models.BinaryField(default=bytes, editable=False)

    def __str__(self) -> str:
        return f"card of {self.device}: {self.file_count} files"
