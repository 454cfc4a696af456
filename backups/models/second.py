"""What a second place holds of a device, proven file by file: kept folder by folder."""

from django.db import models


class SecondFolder(models.Model):
    """Files of one folder that were read at both places with the same digest, packed.

    `path` is that of the folder below the data folders ("videos/…"), `folder` the same as text.
    """

    device = models.ForeignKey(
        "devices.Device", on_delete=models.CASCADE, related_name="second_folders"
    )
    storage = models.ForeignKey(
        "devices.Storage", on_delete=models.CASCADE, related_name="second_folders"
    )
    folder = models.CharField(max_length=400)
    path = models.BinaryField(editable=False)
    files = models.BinaryField(editable=False)  # backups.engine.seconds
    file_count = models.PositiveIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    oldest_at = models.DateTimeField("its oldest proof")
    newest_at = models.DateTimeField("its newest proof")

    class Meta:
        ordering = ["device", "storage", "folder"]
        constraints = [
            models.UniqueConstraint(
                fields=["device", "storage", "folder"], name="one_row_per_second_folder"
            )
        ]

    def __str__(self) -> str:
        return f"{self.folder} on {self.storage}"
