"""Limits, set by people."""

from collections.abc import Mapping
from datetime import timedelta

from django.core.validators import MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from backups.engine.facts import BackupType
from backups.engine.verdict import Limits
from backups.models.choices import BACKUP_TYPES
from devices.models import Device

POSITIVE = MinValueValidator(timedelta(seconds=1))

AllLimits = Mapping[tuple[int | None, str], Limits]  # by group and type; None: of all groups

# What holds where nobody set a limit: an experiment costs a lab a week, a chunk five minutes.
DEFAULT_LIMITS = {
    BackupType.MYSQL: Limits(
        max_age=timedelta(hours=2), grace=timedelta(hours=4), evidence_ttl=timedelta(minutes=20)
    ),
    BackupType.SQLITE: Limits(
        max_age=timedelta(hours=2), grace=timedelta(hours=4), evidence_ttl=timedelta(minutes=20)
    ),
    BackupType.VIDEO: Limits(
        max_age=timedelta(hours=6), grace=timedelta(hours=18), evidence_ttl=timedelta(minutes=20)
    ),
}


class Policy(models.Model):
    """How old is late, how old is stale, how long evidence holds: for a group, or for all."""

    group = models.ForeignKey(
        "devices.DeviceGroup",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="policies",
        help_text="Empty: every device whose group has no policy of its own",
    )
    backup_type = models.CharField(max_length=10, choices=BACKUP_TYPES)
    max_age = models.DurationField(
        validators=[POSITIVE], help_text="Unsaved data of this age is late."
    )
    grace = models.DurationField(
        validators=[MinValueValidator(timedelta(0))],
        help_text="This much later it is stale; data without any copy is missing.",
    )
    evidence_ttl = models.DurationField(
        "evidence holds for",
        validators=[POSITIVE],
        help_text="With evidence older than this nothing is known, and nothing is green.",
    )
    equal_within = models.DurationField(
        "held against the device within",
        null=True,
        blank=True,
        validators=[POSITIVE],
        help_text=(
            "Ask for more than rows and sizes that are counted: so long after its end a copy has to"
            " have been held against the device by its content. Empty: counts are enough."
        ),
    )

    proved_copies = models.PositiveSmallIntegerField(
        "proved copies asked for",
        default=1,
        choices=[(1, "one"), (2, "two: also at a second place")],
        help_text="Two: green, and a yes to wiping, need a second copy that was read back there.",
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "policies"
        ordering = ["group", "backup_type"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "backup_type"], name="one_policy_per_group_and_type"
            ),
            models.UniqueConstraint(
                fields=["backup_type"],
                condition=models.Q(group=None),
                name="one_policy_for_all_per_type",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_backup_type_display()} of {self.group or 'all devices'}"

    @property
    def limits(self) -> Limits:
        return Limits(
            max_age=self.max_age,
            grace=self.grace,
            evidence_ttl=self.evidence_ttl,
            equal_within=self.equal_within,
            proved_copies=self.proved_copies,
        )


def all_limits() -> AllLimits:
    return {(policy.group_id, policy.backup_type): policy.limits for policy in Policy.objects.all()}


def limits_for(device: Device, backup_type: BackupType, limits: AllLimits) -> Limits:
    """Those of its group, else those for all, else the built-in ones."""
    return (
        limits.get((device.group_id, backup_type))
        or limits.get((None, backup_type))
        or DEFAULT_LIMITS[backup_type]
    )
