"""How each node answered."""

from datetime import datetime

from django.conf import settings
from django.db import models

from devices.freshness import availability
from devices.nodes import LONGEST_NAME, ONLY


class NodeStatus(models.Model):
    """How the last refresh of a node's devices went. `error` empty: whom we asked answered."""

    name = models.CharField("node", max_length=LONGEST_NAME, default=ONLY, unique=True)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField("last good answer", null=True)
    source = models.CharField(max_length=16, blank=True)  # "node" or "device": who answered last
    error = models.CharField(max_length=500, blank=True)
    device_count = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list, blank=True)  # what could not be read, in words

    class Meta:
        verbose_name_plural = "node status"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.error or f"{self.device_count} devices told by the {self.source or 'node'}"

    @property
    def answered(self) -> bool:
        """When last asked, which may be long ago."""
        return self.answered_at is not None and not self.error

    def availability(self, *, now: datetime) -> str:
        """In a word, of now: an old answer is none."""
        within = settings.STATUS_TTL
        return availability(self.asked_at, answered=self.answered, within=within, now=now)
