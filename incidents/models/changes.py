"""Each change of a verdict is a row: what it was, what it became, when, by which rule, on what."""

from django.db import models

from backups.engine.verdict import Verdict

VERDICTS = [(verdict.value, verdict.value) for verdict in Verdict]


class LastVerdict(models.Model):
    """The verdict that the last watch saw: whoever changes this row writes the change down."""

    backup = models.OneToOneField(
        "backups.Backup", on_delete=models.CASCADE, related_name="last_verdict"
    )
    verdict = models.CharField(max_length=10, choices=VERDICTS)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.backup}: {self.verdict}"


class VerdictChange(models.Model):
    """`before` and `after`: the facts of the snapshots that it was judged by, as they were said."""

    device = models.ForeignKey(
        "devices.Device", on_delete=models.CASCADE, related_name="verdict_changes"
    )
    backup_type = models.CharField(max_length=10)
    old = models.CharField(max_length=10, choices=VERDICTS, blank=True)  # "": it was never judged
    new = models.CharField(max_length=10, choices=VERDICTS)
    at = models.DateTimeField("seen")
    since = models.DateTimeField("holds since", null=True)  # by the rule
    rule = models.CharField(max_length=300)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["device", "-at"], name="changes_of_a_device"),
            models.Index(fields=["device", "backup_type", "-at"], name="changes_of_a_backup"),
            models.Index(fields=["-at"], name="newest_changes"),
        ]

    def __str__(self) -> str:
        return f"{self.old or 'new'} → {self.new}"
