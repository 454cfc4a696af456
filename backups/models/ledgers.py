"""What is known of videos for ever: one row a recording, and one a damaged file."""

from django.db import models


class RecordingLedger(models.Model):
    """All that is known of one recording, whether or not it is here now. Never forgotten.

    `memory` names every file that was ever told or held (backups.engine.videos.ledger). A row
    without any was seen being recorded, and nothing of it ever came.
    """

    device = models.ForeignKey("devices.Device", on_delete=models.CASCADE, related_name="ledgers")
    recording = models.CharField(max_length=400)  # the start in its chunks' names, or its folder
    memory = models.BinaryField(default=bytes, editable=False)
    digests = models.BinaryField(default=bytes, editable=False)  # of files, by name, compressed
    disk_mark = models.BinaryField(default=bytes, editable=False)  # what was compared last
    told_mark = models.BinaryField(default=bytes, editable=False)
    listed_mark = models.BinaryField(default=bytes, editable=False)  # by a pull
    version = models.PositiveIntegerField(default=0, editable=False)  # rises with each writing

    first_known_at = models.DateTimeField("first known")  # earlier, where its name is believed
    met_at = models.DateTimeField("first heard of", null=True)  # null: of before that was kept
    told_at = models.DateTimeField("last listed with sizes", null=True)
    looked_at = models.DateTimeField("last compared", null=True)
    advanced_at = models.DateTimeField("a newer chunk last came", null=True)
    grew_at = models.DateTimeField("last seen growing", null=True)
    growing = models.BooleanField(default=False)
    newest_number = models.PositiveIntegerField("newest chunk here", default=0)
    sealed = models.PositiveIntegerField("listed up to chunk", default=0)

    known_count = models.PositiveIntegerField("files known", default=0)
    named_count = models.PositiveIntegerField("named only", default=0)
    counted_count = models.PositiveIntegerField("of the size told", default=0)
    equal_count = models.PositiveIntegerField("equal by content", default=0)
    unread_count = models.PositiveIntegerField("not yet looked into", default=0)
    kind = models.CharField("problem", max_length=10, blank=True)  # the worst
    reason = models.TextField(blank=True)
    since = models.DateTimeField(null=True)
    at_risk_bytes = models.PositiveBigIntegerField("bytes at risk", null=True)
    problems = models.JSONField(default=list, blank=True)  # [kind, since, reason, bytes, seconds]
    written_off = models.BooleanField(
        default=False, help_text="A person accepts that what lacks of it will never be here."
    )

    class Meta:
        verbose_name = "recording"
        ordering = ["device", "-recording"]
        indexes = [models.Index(fields=["-first_known_at", "-id"], name="newest_recordings")]
        constraints = [
            models.UniqueConstraint(fields=["device", "recording"], name="one_ledger_per_recording")
        ]

    def __str__(self) -> str:
        return self.recording

    @property
    def held_count(self) -> int:
        """Sound files here."""
        return self.named_count + self.counted_count + self.equal_count


class VideoInventory(models.Model):
    """What the device's own list of videos was worth, and when the disk was last seen."""

    device = models.OneToOneField(
        "devices.Device", on_delete=models.CASCADE, related_name="video_inventory"
    )
    listed_at = models.DateTimeField(null=True)  # its own list was last read; null: never
    retry_at = models.DateTimeField(null=True)  # it hung: not asked before
    error = models.CharField(max_length=500, blank=True)
    looked_at = models.DateTimeField(null=True)  # the disk was last read

    class Meta:
        verbose_name_plural = "video inventories"

    def __str__(self) -> str:
        return f"videos of {self.device}"


class DamagedFile(models.Model):
    """A file here whose content is bad, until its content is held against the device again; or one
    that may not be read, until it may."""

    device = models.ForeignKey(
        "devices.Device", on_delete=models.CASCADE, related_name="damaged_files"
    )
    recording = models.CharField(max_length=400)
    path = models.CharField(max_length=1024)  # its name, as text
    name = models.BinaryField(editable=False)
    kind = models.CharField(max_length=12)
    reason = models.CharField(max_length=300)
    first_seen_at = models.DateTimeField()
    content = models.PositiveBigIntegerField(editable=False)  # which one it was seen on

    class Meta:
        ordering = ["-first_seen_at", "path"]
        constraints = [
            models.UniqueConstraint(
                fields=["device", "recording", "name"], name="one_damage_a_file"
            )
        ]

    def __str__(self) -> str:
        return self.path
