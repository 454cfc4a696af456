"""Something that a person should know, with one cause; and what people did about it."""

from django.conf import settings
from django.db import models

from incidents.engine.causes import CAUSES, CauseKind, Severity
from incidents.engine.course import State


class IncidentState(models.TextChoices):
    PENDING = State.PENDING.value, "not told yet"
    OPEN = State.OPEN.value, "open"
    CLOSED = State.CLOSED.value, "over"


class Incident(models.Model):
    """At most one of a key is not closed. `told_count` numbers what was told of it."""

    key = models.CharField(max_length=120)
    kind = models.CharField(
        "cause", max_length=16, choices=[(k.value, CAUSES[k].title) for k in CauseKind]
    )
    severity = models.CharField(max_length=10, choices=[(s.value, s.value) for s in Severity])
    device = models.ForeignKey(
        "devices.Device", null=True, on_delete=models.CASCADE, related_name="incidents"
    )
    backup_type = models.CharField(max_length=10, blank=True)
    subject = models.CharField(max_length=100, blank=True)
    sentence = models.CharField(max_length=500, blank=True)
    at_risk = models.CharField(max_length=200, blank=True)
    clears = models.CharField("is over with", max_length=300, blank=True)
    evidence = models.JSONField(default=list, blank=True)

    state = models.CharField(
        max_length=10, choices=IncidentState.choices, default=IncidentState.PENDING
    )
    first_seen_at = models.DateTimeField("since")
    noticed_at = models.DateTimeField(null=True, editable=False)  # by a watch, for the first time
    opened_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField("not seen any more since", null=True)
    closed_at = models.DateTimeField("over since", null=True)
    close_reason = models.CharField(max_length=200, blank=True)
    reopened = models.PositiveIntegerField("came back", default=0)
    root = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="followers")
    freed_at = models.DateTimeField(null=True, editable=False)  # it no longer follows from one
    version = models.PositiveIntegerField(default=0, editable=False)  # rises with each writing

    told_count = models.PositiveIntegerField(default=0, editable=False)
    told_severity = models.CharField(max_length=10, blank=True, editable=False)  # "": not yet
    told_at = models.DateTimeField("last told", null=True, editable=False)
    end_told = models.BooleanField(default=False, editable=False)

    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    acknowledged_until = models.DateTimeField(null=True)  # None: to its end
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = "problem"
        ordering = ["-opened_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "severity"], name="incidents_by_state"),
            models.Index(fields=["device", "-opened_at"], name="incidents_of_a_device"),
            models.Index(fields=["-opened_at"], name="newest_incidents"),
            models.Index(fields=["closed_at"], name="incidents_by_end"),
            models.Index(fields=["key", "-closed_at"], name="incidents_of_a_key"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=~models.Q(state=State.CLOSED.value),
                name="one_living_incident_per_cause",
            )
        ]
        permissions = [("acknowledge_incident", "Can acknowledge a problem")]

    def __str__(self) -> str:
        return f"{self.title}: {self.about}" if self.about else self.title

    @property
    def title(self) -> str:
        return CAUSES[CauseKind(self.kind)].title

    @property
    def about(self) -> str:
        """Which device or thing; the sentence names a channel."""
        if self.device is None:
            return "" if self.kind == CauseKind.CHANNEL else self.subject
        return " ".join(filter(None, (str(self.device), self.backup_type)))

    @property
    def to_do(self) -> str:
        return CAUSES[CauseKind(self.kind)].to_do


class IncidentAct(models.Model):
    """What happened with an incident: by itself (`by` None), or by a person."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="acts")
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    what = models.CharField(max_length=40)
    text = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [
            models.Index(
                fields=["-at", "-id"], condition=models.Q(by__isnull=False), name="acts_of_people"
            )
        ]

    def __str__(self) -> str:
        return self.what
