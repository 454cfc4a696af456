"""The folders of the copies: whether each is there, and how full its disk is."""

from django.db import models


class DiskFolder(models.TextChoices):
    RESULTS = "results", "results"
    VIDEOS = "videos", "videos"
    CARDS = "cards", "other files of cards"


class DiskLook(models.Model):
    """One row a folder, here or of a storage. `error` empty: it could be listed."""

    storage = models.ForeignKey(
        "devices.Storage", null=True, on_delete=models.CASCADE, related_name="disk_looks"
    )
    folder = models.CharField(max_length=10, choices=DiskFolder.choices)
    path = models.CharField(max_length=400)
    looked_at = models.DateTimeField()
    error = models.CharField(max_length=300, blank=True)
    free_bytes = models.PositiveBigIntegerField(null=True)
    total_bytes = models.PositiveBigIntegerField(null=True)

    class Meta:
        ordering = ["storage", "folder"]
        constraints = [
            models.UniqueConstraint(fields=["storage", "folder"], name="one_look_per_folder"),
            models.UniqueConstraint(
                fields=["folder"], condition=models.Q(storage=None), name="one_look_per_folder_here"
            ),
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def name(self) -> str:
        """ "videos", and of a storage which."""
        called = DiskFolder(self.folder).label
        return f"{called} of {self.storage}" if self.storage else called
