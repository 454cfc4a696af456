"""Who may work on what, so that two never do the same work at once."""

from django.db import models


class Lease(models.Model):
    """The right to do one named work until a time. A dead holder's lease runs out by itself."""

    name = models.CharField(max_length=100, unique=True)
    token = models.CharField(max_length=100, blank=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
