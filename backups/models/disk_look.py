"""The folders of the copies on the node's disk: whether each is there, and how full its disk is."""

from django.db import models


class DiskFolder(models.TextChoices):
    RESULTS = "results", "results"
    VIDEOS = "videos", "videos"


class DiskLook(models.Model):
    """One row a folder. `error` empty: it could be listed."""

    folder = models.CharField(max_length=10, choices=DiskFolder.choices, unique=True)
    path = models.CharField(max_length=400)
    looked_at = models.DateTimeField()
    error = models.CharField(max_length=300, blank=True)
    free_bytes = models.PositiveBigIntegerField(null=True)
    total_bytes = models.PositiveBigIntegerField(null=True)

    class Meta:
        ordering = ["folder"]

    def __str__(self) -> str:
        return self.path
