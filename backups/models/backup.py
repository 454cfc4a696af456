"""A backup is a (device, type); its snapshots are facts at one moment, never changed."""

from dataclasses import asdict
from typing import Any

from django.db import models
from django.utils.dateparse import parse_datetime

from backups.engine.facts import BackupFacts, BackupType, Problem
from backups.models.choices import BACKUP_TYPES

KINDS_OF_PROBLEM = ("corrupt", "missing", "behind", "unproven")
PROBLEMS_KEPT = 20  # of each kind, the oldest; the count is always whole


class Backup(models.Model):
    """What a limit, a verdict and a snapshot are about."""

    device = models.ForeignKey("devices.Device", on_delete=models.CASCADE, related_name="backups")
    backup_type = models.CharField(max_length=10, choices=BACKUP_TYPES)
    latest = models.ForeignKey(
        "backups.BackupSnapshot",
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        ordering = ["device", "backup_type"]
        constraints = [
            models.UniqueConstraint(fields=["device", "backup_type"], name="one_backup_per_type")
        ]

    def __str__(self) -> str:
        return f"{self.get_backup_type_display()} of {self.device}"

    @property
    def facts(self) -> BackupFacts:
        """The newest facts; before the first snapshot nothing is known."""
        backup_type = BackupType(self.backup_type)
        if self.latest is None:
            return BackupFacts(backup_type=backup_type)
        return self.latest.facts_of(backup_type)


class BackupSnapshot(models.Model):
    """The facts about one backup at one moment; append-only. Fields as in BackupFacts."""

    backup = models.ForeignKey(Backup, on_delete=models.CASCADE, related_name="snapshots")
    taken_at = models.DateTimeField()
    source_read_at = models.DateTimeField("inventory read", null=True)
    source_error = models.CharField(max_length=500, blank=True)
    source_count = models.PositiveIntegerField("on the device", null=True)
    source_changed_at = models.DateTimeField("last change on the device", null=True)
    growing = models.BooleanField(default=False)
    disk_read_at = models.DateTimeField("disk read", null=True)
    disk_error = models.CharField(max_length=500, blank=True)
    copy_count = models.PositiveIntegerField("on the disk", default=0)
    size_bytes = models.PositiveBigIntegerField(default=0)
    newest_copy_at = models.DateTimeField("newest data in a copy", null=True)
    problems = models.JSONField(
        default=dict, blank=True
    )  # kind -> {count, first: [[name, since, reason]]}
    findings = models.JSONField(default=list, blank=True)
    claim = models.CharField("the service says", max_length=300, blank=True)

    class Meta:
        ordering = ["-taken_at", "-pk"]
        indexes = [models.Index(fields=["backup", "-taken_at"])]
        get_latest_by = "taken_at"

    def __str__(self) -> str:
        return f"{self.backup} at {self.taken_at:%Y-%m-%d %H:%M:%S}"

    @property
    def facts(self) -> BackupFacts:
        return self.facts_of(BackupType(self.backup.backup_type))

    def facts_of(self, backup_type: BackupType) -> BackupFacts:
        """The facts, for a caller who knows the type and need not ask the database for it."""
        values: dict[str, Any] = {name: getattr(self, name) for name in PLAIN_FIELDS}
        values |= {kind: unpacked(self.problems.get(kind)) for kind in KINDS_OF_PROBLEM}
        return BackupFacts(backup_type=backup_type, findings=tuple(self.findings), **values)

    @classmethod
    def of_facts(cls, facts: BackupFacts, **others: Any) -> "BackupSnapshot":
        values = asdict(facts)
        return cls(
            **{name: values[name] for name in PLAIN_FIELDS},
            findings=list(facts.findings),
            problems={
                kind: _packed(problems)
                for kind in KINDS_OF_PROBLEM
                if (problems := getattr(facts, kind))
            },
            **others,
        )


PLAIN_FIELDS = (
    "source_read_at", "source_error", "source_count", "source_changed_at", "growing",
    "disk_read_at", "disk_error", "copy_count", "size_bytes", "newest_copy_at",
)  # fmt: skip


def _packed(problems: tuple[Problem, ...]) -> dict[str, Any]:
    first = [[p.name, p.since.isoformat(), p.reason] for p in problems[:PROBLEMS_KEPT]]
    return {"count": len(problems), "first": first}


def unpacked(packed: dict[str, Any] | None) -> tuple[Problem, ...]:
    if packed is None:
        return ()
    return tuple(
        Problem(name, when, reason)
        for name, since, reason in packed["first"]
        if (when := parse_datetime(since))
    )
