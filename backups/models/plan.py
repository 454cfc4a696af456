"""Where this installation makes backups itself, and how often: set by people."""

from datetime import timedelta

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Coalesce
from simple_history.models import HistoricalRecords


class BackupPlan(models.Model):
    """Watch only, or back up here: for a group, or for all. Without a plan: watch only."""

    group = models.ForeignKey(
        "devices.DeviceGroup",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="plans",
        help_text="Empty: every device whose group has no plan of its own",
    )
    mirror_here = models.BooleanField(
        "mirror MySQL results here",
        default=False,
        help_text="Off: this installation only watches what the old service does.",
    )
    mirror_every = models.DurationField(
        default=timedelta(minutes=10),
        validators=[MinValueValidator(timedelta(minutes=1))],
        help_text="From the end of one mirror to the start of the next.",
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ["group"]
        constraints = [  # one also where there is no group: a plain one lets NULLs repeat
            models.UniqueConstraint(
                Coalesce("group", 0),
                name="one_plan_per_group",
                violation_error_message="There is a plan for this group already.",
            )
        ]

    def __str__(self) -> str:
        return f"Backups of {self.group or 'all other devices'}"
