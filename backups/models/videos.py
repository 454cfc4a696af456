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
        ordering = ["device", "-folder"]
        constraints = [
            models.UniqueConstraint(fields=["device", "folder"], name="one_row_per_recording")
        ]

    def __str__(self) -> str:
        return self.folder


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
