"""What each check last answered."""

from django.db import models

from installation.answers import Standing


class StoredAnswer(models.Model):
    check_name = models.CharField(max_length=40, unique=True)
    standing = models.CharField(max_length=20, choices=[(s.value, s.value) for s in Standing])
    words = models.CharField(max_length=500)
    line = models.CharField(max_length=500, blank=True)
    ones = models.JSONField(default=list, blank=True)  # [name, words] of what is not right
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["check_name"]
        permissions = [
            ("ask_storedanswer", "Can have the installation checked"),
            ("leave_lab_storedanswer", "Can leave the simulated lab"),
        ]

    def __str__(self) -> str:
        return f"{self.check_name}: {self.standing}"
