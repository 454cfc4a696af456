"""The database files on the node's disk, and what opening each one showed."""

from django.db import models

from backups.engine.compare import CopyState
from backups.models.choices import choices_of
from devices.models import Writer


class ResultCopy(models.Model):
    """A copy of a run's database. It is opened again only when size, times or WAL have changed."""

    device = models.ForeignKey("devices.Device", on_delete=models.CASCADE, related_name="copies")
    path = models.CharField(max_length=400)  # below the results folder
    filename = models.CharField(max_length=200)
    writer = models.CharField(max_length=10, choices=Writer.choices, blank=True)
    size_bytes = models.PositiveBigIntegerField()
    wal_bytes = models.PositiveBigIntegerField(null=True)  # None: no -wal beside it
    modified_at = models.DateTimeField()
    fingerprint = models.CharField(max_length=100)
    first_seen_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=choices_of(CopyState))
    problem = models.CharField(max_length=500, blank=True)
    data_at = models.DateTimeField("newest row, on the device's clock", null=True)
    row_count = models.PositiveBigIntegerField(null=True)  # sum of the highest ids of ROI tables
    finished = models.BooleanField(default=False)
    inspected_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "result copies"
        ordering = ["device", "-filename"]
        constraints = [models.UniqueConstraint(fields=["device", "path"], name="one_row_per_copy")]

    def __str__(self) -> str:
        return self.filename
