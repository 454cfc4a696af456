"""How far the rows of a table are thinned, so that no old row is read again to find that out."""

from django.db import models


class Thinned(models.Model):
    """What is older than `until` is as thinning leaves it. `name`: the table, and the span."""

    name = models.CharField(max_length=60, unique=True)
    until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
