"""Where messages go, and each message on its way there."""

import secrets
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords

from incidents.engine.causes import Severity
from incidents.engine.messages import Event
from incidents.models.zones import zone_field


class ChannelSort(models.TextChoices):
    APPRISE = "apprise", "Mail, chat or push (an apprise address)"
    WEBHOOK = "webhook", "A program (signed HTTP POST)"


def _row_name() -> str:
    return secrets.token_hex(8)


class Channel(models.Model):
    """`sealed` holds its address, encrypted and bound to `row_name`: nothing ever shows it."""

    name = models.CharField(max_length=60, unique=True)
    sort = models.CharField(
        "kind", max_length=10, choices=ChannelSort.choices, default=ChannelSort.APPRISE
    )
    enabled = models.BooleanField(default=True)
    row_name = models.CharField(max_length=16, default=_row_name, editable=False)
    sealed = models.TextField(blank=True, editable=False)
    schema = models.CharField("goes by", max_length=40, blank=True, editable=False)
    least_severity = models.CharField(
        "from severity",
        max_length=10,
        choices=[(s.value, s.value) for s in Severity],
        default=Severity.WARNING.value,
    )
    groups = models.ManyToManyField(
        "devices.DeviceGroup",
        blank=True,
        related_name="channels",
        help_text="Only devices of these groups; none chosen: all. What concerns no single device"
        " is always told.",
    )
    quiet_from = models.TimeField(
        null=True, blank=True, help_text="Critical ones come all the same"
    )
    quiet_to = models.TimeField(null=True, blank=True)
    time_zone = zone_field()
    remind_every = models.DurationField(
        null=True,
        blank=True,
        default=timedelta(days=1),
        validators=[MinValueValidator(timedelta(minutes=10))],
        help_text="Until somebody acknowledges it. Empty: never.",
    )
    tell_ends = models.BooleanField("tell when it is over", default=True)
    hourly_limit = models.PositiveSmallIntegerField(
        "messages an hour",
        default=20,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text="What comes above is summed up in one.",
    )
    failing_since = models.DateTimeField(null=True, editable=False)
    last_sent_at = models.DateTimeField("last accepted", null=True, editable=False)
    last_answer = models.CharField(max_length=500, blank=True, editable=False)

    history = HistoricalRecords(
        m2m_fields=[groups],
        excluded_fields=["sealed", "failing_since", "last_sent_at", "last_answer"],
    )

    class Meta:
        ordering = ["name"]
        permissions = [("test_channel", "Can send a test message")]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class DeliveryState(models.TextChoices):
    WAITING = "waiting", "waiting"
    SENT = "sent", "accepted"
    GIVEN_UP = "given_up", "given up"


class Delivery(models.Model):
    """One message for one channel. Its key goes along, so that one that comes twice is known."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    key = models.CharField(max_length=80)
    incident = models.ForeignKey(
        "incidents.Incident", null=True, on_delete=models.SET_NULL, related_name="deliveries"
    )
    event = models.CharField(max_length=12, choices=[(e.value, e.value) for e in Event])
    severity = models.CharField(
        max_length=10, blank=True, choices=[(s.value, s.value) for s in Severity]
    )
    title = models.CharField(max_length=200)
    body = models.TextField()
    facts = models.JSONField(default=dict, blank=True)  # for programs
    created_at = models.DateTimeField()
    not_before = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    attempts = models.PositiveIntegerField(default=0)
    first_tried_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField("accepted", null=True)
    sent_as = models.CharField(max_length=80, blank=True)  # the key of a summary that it went in
    answer = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = "message"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["channel", "state", "not_before"], name="deliveries_due"),
            models.Index(fields=["channel", "-sent_at"], name="deliveries_sent"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["channel", "key"], name="one_delivery_per_message")
        ]

    def __str__(self) -> str:
        return self.title
