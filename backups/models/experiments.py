"""Where each experiment stands: one row an item, rewritten at each look."""

from django.db import models

from backups.engine.facts import ProblemKind
from backups.engine.items import Proof

PROOFS = [(proof.value, proof.value) for proof in Proof]
KINDS = [(kind.value, kind.value) for kind in ProblemKind]


class ExperimentState(models.Model):
    """How far an experiment is proven to be here, and what is wrong. Fields as in ItemState."""

    experiment = models.OneToOneField(
        "devices.Experiment", on_delete=models.CASCADE, related_name="state"
    )
    copy = models.ForeignKey(
        "backups.ResultCopy",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The copy that counts",
    )
    proof = models.CharField(max_length=10, choices=PROOFS, blank=True)
    proven_at = models.DateTimeField(null=True)
    how = models.CharField(max_length=200, blank=True)
    held_at = models.DateTimeField(
        null=True, help_text="All that was told of until then is in the copy"
    )
    kind = models.CharField(max_length=10, choices=KINDS, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    since = models.DateTimeField(null=True)
    rows_at_risk = models.PositiveBigIntegerField(null=True)
    bytes_at_risk = models.PositiveBigIntegerField(null=True)
    looked_at = models.DateTimeField()

    # The device's own MariaDB, asked how many rows an experiment had at its end.
    asked_at = models.DateTimeField(null=True)
    ask_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["experiment"]
        indexes = [models.Index(fields=["kind", "since"], name="what_is_wrong")]

    def __str__(self) -> str:
        return f"{self.experiment}: {self.kind or self.proof}"
