"""Who is told each morning, or each week, how all stands."""

from datetime import time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from incidents.models.zones import zone_field


class Weekday(models.IntegerChoices):
    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


class Subscription(models.Model):
    """`last_at`: until when the last one told."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="subscriptions"
    )
    channel = models.ForeignKey(
        "incidents.Channel", on_delete=models.CASCADE, related_name="subscriptions"
    )
    at = models.TimeField(default=time(7, 30))
    weekday = models.PositiveSmallIntegerField(
        "only on", choices=Weekday.choices, null=True, blank=True, help_text="Empty: every day"
    )
    time_zone = zone_field()
    last_at = models.DateTimeField("last one", null=True, editable=False)

    history = HistoricalRecords(excluded_fields=["last_at"])

    class Meta:
        verbose_name = "digest"
        ordering = ["person", "at"]
        constraints = [
            models.UniqueConstraint(fields=["person", "channel"], name="one_digest_a_channel")
        ]

    def __str__(self) -> str:
        return f"Digest of {self.person}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)
