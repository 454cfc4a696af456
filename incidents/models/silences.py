"""When nobody is to be told: of a device, of a group, or of all; once, or every week."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from simple_history.models import HistoricalRecords

from incidents.engine.quiet import WEEK, QuietWindow
from incidents.models.zones import zone_field


class Silence(models.Model):
    """A silence, or a maintenance window. What holds when it ends is told then."""

    device = models.ForeignKey(
        "devices.Device", null=True, blank=True, on_delete=models.CASCADE, related_name="silences"
    )
    group = models.ForeignKey(
        "devices.DeviceGroup",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="silences",
        help_text="Neither device nor group: everything",
    )
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until")
    weekly = models.BooleanField("every week", default=False)
    time_zone = zone_field(help_text="A weekly one keeps its hours in this zone")
    reason = models.CharField(max_length=200)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ["-starts_at"]

    def __str__(self) -> str:
        return f"Silence of {self.device or self.group or 'everything'}"

    def clean(self) -> None:
        if self.device_id and self.group_id:
            raise ValidationError("Name a device or a group, not both.")
        if not (self.starts_at and self.ends_at):
            return  # said of the field
        if self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": "This is not after its start."})
        if self.weekly and self.ends_at - self.starts_at >= WEEK:
            raise ValidationError({"ends_at": "A weekly one is shorter than a week."})

    @property
    def window(self) -> QuietWindow:
        return QuietWindow(
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            weekly=self.weekly,
            device=self.device_id,
            group=self.group_id,
            zone=ZoneInfo(self.time_zone),
        )
