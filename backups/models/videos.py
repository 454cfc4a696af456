"""Video facts in the database: one row a recording, never one a chunk."""

from django.db import models


class Recording(models.Model):
    """One `<timestamp>/` folder of chunks on the node's disk."""

    device = models.ForeignKey(
        "devices.Device", on_delete=models.CASCADE, related_name="recordings"
    )
    folder = models.CharField(max_length=400)  # below the device's videos folder
    chunk_count = models.PositiveIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    other_count = models.PositiveIntegerField(default=0)  # .mp4, .avi, .md5 and the rest
    other_bytes = models.PositiveBigIntegerField(default=0)
    first_chunk = models.CharField(max_length=255, blank=True)
    last_chunk = models.CharField(max_length=255, blank=True)
    newest_change_at = models.DateTimeField(null=True)
    missing_numbers = models.JSONField(default=list, blank=True)  # the first 100
    missing_count = models.PositiveIntegerField(default=0)
    empty_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "recording on the disk"
        verbose_name_plural = "recordings on the disk"
        ordering = ["device", "-folder"]
        constraints = [
            models.UniqueConstraint(fields=["device", "folder"], name="one_row_per_recording")
        ]

    def __str__(self) -> str:
        return self.folder


class VideoComparison(models.Model):
    """What the last pull showed when it held a device's videos against the disk."""

    device = models.OneToOneField(
        "devices.Device", on_delete=models.CASCADE, related_name="video_comparison"
    )
    began_at = models.DateTimeField()  # all that the device had then was compared
    listed_at = models.DateTimeField(null=True)  # before the newest listing heard was made
    file_count = models.PositiveIntegerField()  # on the device
    held_count = models.PositiveIntegerField()  # of all files, on the disk
    lacking = models.JSONField(default=dict, blank=True)  # recording -> [files, since when]
    refused = models.JSONField(default=list, blank=True)  # [path, why never copied, since when]
    skipped = models.JSONField(default=list, blank=True)  # links and the like, alike
    complete = models.BooleanField(default=True)  # the listing was: what it lacks is not there
    # File by file; else only its bad news counts: sums of files prove nothing.
    in_ledger = models.BooleanField(default=False)
    content_upto = models.CharField(max_length=1024, blank=True)  # where the next pull reads on

    def __str__(self) -> str:
        return f"{self.file_count} files at {self.began_at:%Y-%m-%d %H:%M:%S}"


class QuarantinedVideo(models.Model):
    """A file that was complete here and came again as another one. Ours stays in its place."""

    device = models.ForeignKey(
        "devices.Device", on_delete=models.CASCADE, related_name="quarantined_videos"
    )
    path = models.CharField(max_length=1024)  # below the device's videos folder
    reason = models.CharField(max_length=300)
    kept_path = models.CharField("theirs lies at", max_length=1024)  # below the videos folder
    first_seen_at = models.DateTimeField()
    seen_at = models.DateTimeField("last told")
    content = models.CharField(max_length=60, blank=True, editable=False)  # of theirs
    accepted = models.BooleanField(
        "ours holds", default=False, help_text="A person looked at both, and keeps ours."
    )

    class Meta:
        ordering = ["-first_seen_at", "path"]
        constraints = [
            models.UniqueConstraint(
                fields=["device", "kept_path"], name="one_row_per_quarantined_video"
            )
        ]

    def __str__(self) -> str:
        return self.path


class VideoScan(models.Model):
    """How one scan went: what the cache saved, and what could not be read."""

    snapshot = models.OneToOneField(
        "backups.BackupSnapshot", on_delete=models.CASCADE, related_name="scan"
    )
    seconds = models.FloatField()
    folder_count = models.PositiveIntegerField()
    listed_folder_count = models.PositiveIntegerField()
    cached_count = models.PositiveIntegerField()  # chunks served without touching them
    fresh_count = models.PositiveIntegerField()  # chunks looked at
    rechecked_count = models.PositiveIntegerField(default=0)
    errors = models.JSONField(default=list, blank=True)
    cache_problem = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"{self.cached_count + self.fresh_count} chunks in {self.seconds:.2f} s"

    @property
    def hit_ratio(self) -> float | None:
        """Share of chunks served from the cache; None without chunks."""
        total = self.cached_count + self.fresh_count
        return self.cached_count / total if total else None
