"""What a device's card holds: its newest whole listing, and what of it is proven to be here."""

from dataclasses import fields

from django.db import models

from backups.engine.card.outlook import CardLook


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
    skipped = models.JSONField(default=list)  # where databases may be: [path, why, since when]
    packed = models.BinaryField(default=bytes, editable=False)

    def __str__(self) -> str:
        return f"card of {self.device}: {self.file_count} files"


class CardChange(models.Model):
    """What came, grew, changed and went on a card from one listing to the next."""

    device = models.ForeignKey(
        "devices.Device", on_delete=models.CASCADE, related_name="card_changes"
    )
    since = models.DateTimeField()  # when the listing before began
    listed_at = models.DateTimeField()
    numbers = models.JSONField()  # backups.engine.card.differences

    class Meta:
        ordering = ["device", "-listed_at"]
        indexes = [models.Index(fields=["device", "-listed_at"], name="changes_of_a_card")]

    def __str__(self) -> str:
        return f"card of {self.device} at {self.listed_at:%Y-%m-%d %H:%M}"


class CardReading(models.Model):
    """How a card was, as one listing told; append-only, thinned with age. Null, "": not told.

    Times are on our clock. `base_*`: the oldest reading of the same card within the week before.
    """

    device = models.ForeignKey(
        "devices.Device", on_delete=models.CASCADE, related_name="card_readings"
    )
    read_at = models.DateTimeField()
    size_bytes = models.PositiveBigIntegerField()
    free_bytes = models.PositiveBigIntegerField()
    read_only = models.BooleanField(null=True)
    errors = models.PositiveBigIntegerField("errors that ext4 counted", null=True)
    errors_since = models.DateTimeField(null=True)
    kernel_errors = models.PositiveBigIntegerField("errors in the kernel's log", null=True)
    kernel_errors_since = models.DateTimeField(null=True)
    too_weak = models.BooleanField("power supply was too weak", null=True)
    life_time = models.CharField("life used up", max_length=100, blank=True)
    serial = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=100, blank=True)
    made = models.CharField(max_length=100, blank=True)  # MM/YYYY
    since = models.DateTimeField("this card is known since")
    base_at = models.DateTimeField(null=True)
    base_free_bytes = models.PositiveBigIntegerField(null=True)

    class Meta:
        ordering = ["device", "-read_at"]
        indexes = [models.Index(fields=["device", "-read_at"], name="readings_of_a_card")]

    def __str__(self) -> str:
        return f"card of {self.device} at {self.read_at:%Y-%m-%d %H:%M}"

    @property
    def look(self) -> CardLook:
        return CardLook(**{field.name: getattr(self, field.name) for field in fields(CardLook)})


class ProvenFolder(models.Model):
    """Files of one folder of a card whose content was held against ours, packed.

    `folder` is the path below the data root as text (backups.engine.videos.names.text_of), `path`
    as it is.
    """

    device = models.ForeignKey(
        "devices.Device", on_delete=models.CASCADE, related_name="proven_folders"
    )
    folder = models.CharField(max_length=400)
    path = models.BinaryField(editable=False)
    files = models.BinaryField(editable=False)  # backups.engine.card.proofs
    seal = models.BinaryField(default=bytes, editable=False)  # backups.engine.card.seals
    oldest_at = models.PositiveBigIntegerField("its oldest proof, in seconds", default=0)

    class Meta:
        ordering = ["device", "folder"]
        constraints = [
            models.UniqueConstraint(fields=["device", "folder"], name="one_row_per_proven_folder")
        ]

    def __str__(self) -> str:
        return self.folder


class OtherFile(models.Model):
    """A file of a card that is neither an experiment nor a video of its own, and may be data.

    Never forgotten: once it was on the card, it has to be here.
    """

    device = models.ForeignKey(
        "devices.Device", on_delete=models.CASCADE, related_name="other_files"
    )
    name = models.CharField(max_length=400)  # below the data root, as text
    path = models.BinaryField(editable=False)
    size_bytes = models.PositiveBigIntegerField()
    mark = models.JSONField(default=list)  # of the file on the card, as it was last listed
    first_seen_at = models.DateTimeField()
    gone_at = models.DateTimeField("no longer on the card", null=True)
    place = models.BinaryField(default=bytes, editable=False)  # of our copy; empty: there is none
    held_bytes = models.PositiveBigIntegerField("here", null=True)
    held_at = models.DateTimeField("last seen here whole", null=True)
    equal = models.BooleanField("equal by content", default=False)
    damage = models.CharField(max_length=300, blank=True)
    written_off = models.BooleanField(
        default=False, help_text="A person accepts that it will never be here."
    )

    class Meta:
        ordering = ["device", "name"]
        constraints = [
            models.UniqueConstraint(fields=["device", "name"], name="one_row_per_other_file")
        ]

    def __str__(self) -> str:
        return self.name
