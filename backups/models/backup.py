"""A backup is a (device, type); its snapshots are facts at one moment, never changed."""

from dataclasses import asdict
from typing import Any

from django.db import models
from django.utils.dateparse import parse_datetime

from backups.engine.facts import BackupFacts, BackupType, Problem, ProblemKind, Risk
from backups.models.choices import BACKUP_TYPES

PROBLEMS_KEPT = 20  # of each kind, the oldest, to show; the items themselves have rows of their own


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

    backup = models.ForeignKey(  # the index below begins with it
        Backup, on_delete=models.CASCADE, related_name="snapshots", db_index=False
    )
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
    written_off_count = models.PositiveIntegerField("written off", default=0)
    proofs = models.JSONField(default=dict, blank=True)  # of saved items: how many by which
    counted_since = models.DateTimeField("counted only, since", null=True)
    second_count = models.PositiveIntegerField("without a second copy", null=True)
    second_since = models.DateTimeField(null=True)
    risk = models.JSONField("at risk", default=dict, blank=True)  # as Risk
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
        return facts_of(
            backup_type,
            values,
            problems=self.problems,
            proofs=self.proofs,
            risk=self.risk,
            findings=self.findings,
        )

    @classmethod
    def of_facts(cls, facts: BackupFacts, **others: Any) -> "BackupSnapshot":
        return cls(
            **{name: getattr(facts, name) for name in PLAIN_FIELDS},
            findings=list(facts.findings),
            proofs=facts.proofs,
            risk=_packed_risk(facts.risk),
            problems={
                kind.value: _packed(problems)
                for kind in ProblemKind
                if (problems := facts.of_kind(kind))
            },
            **others,
        )


PLAIN_FIELDS = (
    "source_read_at", "source_error", "source_count", "source_changed_at", "growing",
    "disk_read_at", "disk_error", "copy_count", "size_bytes", "newest_copy_at",
    "written_off_count", "counted_since", "second_count", "second_since",
)  # fmt: skip


def facts_of(
    backup_type: BackupType,
    values: dict[str, Any],
    *,
    problems: dict[str, Any],
    proofs: dict[str, int],
    risk: dict[str, Any],
    findings: list[str],
) -> BackupFacts:
    """The facts as a snapshot keeps them. `values` are those of PLAIN_FIELDS."""
    kinds: dict[str, Any] = {kind: _unpacked(packed) for kind, packed in problems.items()}
    return BackupFacts(
        backup_type=backup_type,
        findings=tuple(findings),
        proofs=proofs,
        risk=unpacked_risk(risk),
        counts={kind: packed["count"] for kind, packed in problems.items()},
        **kinds,
        **values,
    )


def _packed(problems: tuple[Problem, ...]) -> dict[str, Any]:
    first = [
        [p.name, p.since.isoformat(), p.reason, p.rows, p.bytes, p.seconds, p.listed]
        for p in problems[:PROBLEMS_KEPT]
    ]
    return {"count": len(problems), "first": first}


def _unpacked(packed: dict[str, Any]) -> tuple[Problem, ...]:
    return tuple(
        Problem(name, when, reason, *extent)
        for name, since, reason, *extent in packed["first"]
        if (when := parse_datetime(since))
    )


def _packed_risk(risk: Risk) -> dict[str, Any]:
    values = {name: value for name, value in asdict(risk).items() if value}
    return values | {"since": risk.since.isoformat()} if risk.since else values


def unpacked_risk(stored: dict[str, Any]) -> Risk:
    since = stored.get("since")
    return Risk(**stored | {"since": parse_datetime(since) if since else None})
