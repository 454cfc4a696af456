"""The database files on the node's disk, and what opening each one showed."""

from datetime import datetime

from django.db import models

from backups.engine.items import CopyState
from devices.models import Writer

COPY_STATES = [(state.value, state.value) for state in CopyState]


class CopiesHere(models.Manager["ResultCopy"]):
    """Those that lie on the disk, as the newest look saw it."""

    def get_queryset(self) -> models.QuerySet["ResultCopy"]:
        return super().get_queryset().filter(gone_at=None)


class ResultCopy(models.Model):
    """A copy of a run's database. It is opened again only when size, times or WAL have changed.

    What is known of one that is gone is kept for when it comes back: only `ever` shows it.
    """

    device = models.ForeignKey("devices.Device", on_delete=models.CASCADE, related_name="copies")
    path = models.CharField(max_length=400)  # below the results folder
    filename = models.CharField(max_length=200)
    writer = models.CharField(max_length=10, choices=Writer.choices, blank=True)
    size_bytes = models.PositiveBigIntegerField()
    wal_bytes = models.PositiveBigIntegerField(null=True)  # None: no -wal beside it
    modified_at = models.DateTimeField()
    fingerprint = models.CharField(max_length=100)
    first_seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, editable=False)  # the look that found it no more
    state = models.CharField(max_length=10, choices=COPY_STATES)
    problem = models.CharField(max_length=500, blank=True)
    data_at = models.DateTimeField("newest row, on the device's clock", null=True)
    row_count = models.PositiveBigIntegerField(null=True)  # of all ROIs
    rows = models.JSONField(default=dict, blank=True)  # table -> [highest id, count]
    foreign = models.CharField("not of this experiment", max_length=300, blank=True)
    finished = models.BooleanField("holds its stop row", default=False)
    short_rois = models.PositiveIntegerField(default=0)  # that end long before the stop row
    rowless_rois = models.JSONField(default=list, blank=True)  # named, and without a row
    holes = models.PositiveBigIntegerField(default=0)  # row numbers that lack

    # What it says of itself, for people: nothing is decided by it.
    user = models.CharField(max_length=100, blank=True)
    location = models.CharField(max_length=100, blank=True)
    code = models.CharField(max_length=100, blank=True)
    about = models.JSONField(default=dict, blank=True)  # backups.engine.copies.about

    inspected_at = models.DateTimeField()

    # What it ever had, and what was found wrong with it: both outlast a touch or a new row.
    best_rows = models.JSONField(default=dict, blank=True)
    was_finished = models.BooleanField(default=False)
    advanced_at = models.DateTimeField(null=True)  # the look that last found more in it than ever
    damage = models.CharField(max_length=500, blank=True)
    damaged_at = models.DateTimeField(null=True)

    # When the file of this fingerprint was read to its end, and was sound.
    verified_fingerprint = models.CharField(max_length=100, blank=True)
    verified_at = models.DateTimeField("read to its end", null=True)
    digest = models.CharField(max_length=128, blank=True)  # of the file of this fingerprint:
    digest_fingerprint = models.CharField(max_length=100, blank=True)
    digest_at = models.DateTimeField(null=True)  # last read from the disk, and the same
    unread_fingerprint = models.CharField(max_length=100, blank=True)  # too large for a look

    # What a run made here showed of the file that had this fingerprint.
    proven_fingerprint = models.CharField(max_length=100, blank=True)
    proven_at = models.DateTimeField(
        "whole as of", null=True, help_text="All that the device had then is in the copy"
    )
    proven_by = models.CharField(max_length=100, blank=True)
    doubt = models.CharField(max_length=500, blank=True)  # how it was found to differ
    source_mark = models.CharField(max_length=200, blank=True)  # of the device's files
    foreign_write_at = models.DateTimeField(
        null=True, help_text="When a run found that another program had written it since"
    )

    # A pull of what holds less than this copy is refused, until a person lets it come.
    refused = models.CharField(
        "the device's was refused", max_length=500, blank=True, help_text="By the newest pull"
    )
    gives_way_at = models.DateTimeField(
        "the device's is to be taken", null=True, help_text="When a person asked for it"
    )

    objects = CopiesHere()
    ever: models.Manager["ResultCopy"] = models.Manager()

    class Meta:
        verbose_name_plural = "result copies"
        ordering = ["device", "-filename"]
        indexes = [
            models.Index(fields=["filename"], name="copies_by_name"),
            models.Index(
                fields=["verified_at"], condition=models.Q(gone_at=None), name="longest_unread"
            ),
        ]
        constraints = [models.UniqueConstraint(fields=["device", "path"], name="one_row_per_copy")]
        permissions = [("download_files", "Can download what is saved: databases, videos, all")]

    def __str__(self) -> str:
        return self.filename

    @property
    def is_as_shown(self) -> bool:
        """Whether what a run showed still holds: nobody has written the file since."""
        return bool(self.proven_fingerprint) and self.proven_fingerprint == self.fingerprint

    @property
    def whole_as_of(self) -> datetime | None:
        """All that the device had at this moment is in the copy; None: no run showed that."""
        return self.proven_at if self.is_as_shown else None

    @property
    def read_whole_at(self) -> datetime | None:
        """When exactly this file was read to its end, and was sound; None: it never was."""
        is_it = bool(self.verified_fingerprint) and self.verified_fingerprint == self.fingerprint
        return self.verified_at if is_it else None

    @property
    def known_doubt(self) -> str:
        """How a run found it to differ from the device; "": none did."""
        return self.doubt if self.is_as_shown else ""
