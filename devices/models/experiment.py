"""What a device tracked, as it was told."""

from django.db import models

from devices.models.device import Device


class Writer(models.TextChoices):
    """Which database a device writes an experiment into."""

    SQLITE = "sqlite", "SQLite"
    MYSQL = "mysql", "MariaDB"


class Experiment(models.Model):
    """One tracking run and its database, as the device lists it. Kept when it no longer does."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="experiments")
    writer = models.CharField(max_length=10, choices=Writer.choices)
    filename = models.CharField(max_length=200)
    path = models.CharField(max_length=400, blank=True)  # on the device, as it says itself
    started_at = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField()
    listed_at = models.DateTimeField("last listed")
    changed_at = models.DateTimeField("last seen growing", null=True)
    growing = models.BooleanField(default=False)
    reported_state = models.CharField(max_length=32, blank=True)  # its db_status: display only
    clock_off_seconds = models.FloatField(
        null=True, help_text="How far the device's clock was ahead of ours at first sight"
    )
    gone_at = models.DateTimeField("no longer on the device", null=True)
    gone_reason = models.CharField(max_length=200, blank=True)

    # The newest that was told of how much it holds; what was told before is in its tellings.
    told_rows = models.JSONField(default=dict, blank=True)  # table -> [highest id, count]
    told_size_bytes = models.PositiveBigIntegerField(null=True)
    rows_told_at = models.DateTimeField(null=True)
    rows_told_by = models.CharField(max_length=16, blank=True)  # "node", "device", "server", "card"
    written_off = models.BooleanField(
        default=False, help_text="A person accepts that no whole copy of this one will ever exist."
    )

    class Meta:
        ordering = ["-started_at", "filename"]
        indexes = [models.Index(fields=["-started_at", "-id"], name="newest_experiments")]
        constraints = [
            models.UniqueConstraint(fields=["device", "filename"], name="one_row_per_experiment")
        ]
        permissions = [("write_off_experiment", "Can accept the loss of an experiment")]

    def __str__(self) -> str:
        return self.filename


class Telling(models.Model):
    """How many rows an experiment had at one moment, as somebody told who could count them.

    Those that a copy was shown to reach are forgotten: they can prove nothing more.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="tellings")
    told_at = models.DateTimeField()
    told_by = models.CharField(max_length=16)
    rows = models.JSONField()  # table -> [highest id, count]
    size_bytes = models.PositiveBigIntegerField(null=True)
    final = models.BooleanField(default=False)  # counted on the device, after the end

    class Meta:
        ordering = ["experiment", "told_at"]
        indexes = [models.Index(fields=["experiment", "told_at"], name="tellings_in_order")]

    def __str__(self) -> str:
        return f"{self.experiment} at {self.told_at:%Y-%m-%d %H:%M:%S}"
