"""The two backup daemons of each node: what each last answered, or why there was no answer."""

from datetime import datetime

from django.conf import settings
from django.db import models

from devices.freshness import AVAILABLE, availability
from devices.nodes import LONGEST_NAME, ONLY, called


class DaemonName(models.TextChoices):
    MYSQL = "mysql", "MySQL mirror"
    RSYNC = "rsync", "rsync"


class DaemonStatus(models.Model):
    """The last answer of one daemon. `error` empty means that it answered, and could be read."""

    node = models.CharField(max_length=LONGEST_NAME, default=ONLY)
    daemon = models.CharField("service", max_length=10, choices=DaemonName.choices)
    checked_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField("last good answer", null=True)
    error = models.CharField(max_length=500, blank=True)
    answer_seconds = models.FloatField(null=True)
    current_device = models.CharField(max_length=64, blank=True)
    current_file = models.CharField(max_length=300, blank=True)
    processing = models.JSONField(default=list, blank=True)  # ids of the devices it works on

    class Meta:
        verbose_name = "service"
        ordering = ["node", "daemon"]
        constraints = [
            models.UniqueConstraint(fields=["node", "daemon"], name="one_status_per_daemon")
        ]
        permissions = [("check_daemonstatus", "Can ask a service for its status")]

    def __str__(self) -> str:
        return called(self.get_daemon_display(), self.node, settings.NODES, of=" of ")

    @property
    def key(self) -> str:
        return called(self.daemon, self.node, settings.NODES, of="@")

    @property
    def answered(self) -> bool:
        """When last asked, which may be long ago."""
        return self.answered_at is not None and not self.error

    def at_work_on(self, *, now: datetime) -> list[str]:
        """Ids of devices, as it says itself; nobody, where it was not asked lately."""
        return self.processing if self.availability(now=now) == AVAILABLE else []

    def availability(self, *, now: datetime) -> str:
        """In a word, of now: an old answer is none."""
        within = settings.STATUS_TTL
        return availability(self.checked_at, answered=self.answered, within=within, now=now)


class Claim(models.Model):
    """What a node's daemon says of one device: shown beside the truth, for it proves nothing."""

    device = models.ForeignKey("devices.Device", on_delete=models.CASCADE, related_name="claims")
    node = models.CharField(max_length=LONGEST_NAME, default=ONLY)
    daemon = models.CharField("service", max_length=10, choices=DaemonName.choices)
    claimed_at = models.DateTimeField()
    state = models.CharField(max_length=32, blank=True)  # progress.status
    message = models.CharField(max_length=500, blank=True)
    processing = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    failed = models.BooleanField(default=False)
    job_count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["device", "node", "daemon"]
        constraints = [
            models.UniqueConstraint(
                fields=["device", "node", "daemon"], name="one_claim_per_daemon"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_daemon_display()} of {self.device}: {self.state}"

    @property
    def claimant(self) -> str:
        return called(self.get_daemon_display(), self.node, settings.NODES, of=" of ")
