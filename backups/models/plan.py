"""Where this installation makes backups itself, and how often: set by people."""

from datetime import time, timedelta

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Coalesce
from simple_history.models import HistoricalRecords

_IN_ZONE = "In this installation's time zone; until may be on the next day."
AT_LEAST_A_MINUTE = MinValueValidator(timedelta(minutes=1))


def _switch(label: str, help_text: str) -> models.BooleanField:
    return models.BooleanField(label, default=False, help_text=help_text)


def _pause(what: str, default: timedelta) -> models.DurationField:
    return models.DurationField(
        default=default,
        validators=[AT_LEAST_A_MINUTE],
        help_text=f"From the end of one {what} to the start of the next.",
    )


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
    mirror_here = _switch("mirror MySQL results here", "Off: only watch what the old service does.")
    mirror_every = _pause("mirror", timedelta(minutes=10))
    pull_results_here = _switch("pull SQLite results here", "Over ssh, each a copy of one moment.")
    pull_results_every = _pause("pull of results", timedelta(minutes=10))
    pull_videos_here = _switch("pull videos here", "Over ssh; nothing is deleted on the device.")
    pull_videos_every = _pause("pull of videos", timedelta(minutes=15))
    pull_files_here = _switch(
        "pull other files here", "Over ssh; what is neither its experiments nor its videos."
    )
    pull_files_every = _pause("pull of other files", timedelta(hours=6))
    verify_here = _switch("verify copies here", "Read every copy from its first byte to its last.")
    verify_every = _pause("verification", timedelta(days=7))
    second_copy_here = _switch(
        "make second copies", "At the storage that keeps second copies of these devices' place."
    )
    second_copy_every = _pause("second copy", timedelta(days=1))
    list_card_here = _switch("list cards here", "Over ssh; a card's own word of what it holds.")
    list_card_every = _pause("listing", timedelta(hours=1))
    prove_here = _switch(
        "prove contents here", "Both sides are read to their end, while the device is idle."
    )
    prove_every = _pause("proof", timedelta(days=1))
    prove_from = models.TimeField("prove from", default=time(20), help_text=_IN_ZONE)
    prove_until = models.TimeField("prove until", default=time(7), help_text=_IN_ZONE)
    prove_gigabytes = models.PositiveIntegerField(
        "gigabytes a night",
        default=50,
        validators=[MinValueValidator(1)],
        help_text="Of each device, at most: what was never proven comes first, the newest of it.",
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
