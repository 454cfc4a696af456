"""What was answered to “may I wipe this card?”, and the certificates of each yes."""

from django.db import models

from backups.engine.wipe import MayWipe


class WipeQuestion(models.Model):
    """The last time that it was asked, of a device or of one experiment. `reasons`: packed."""

    device = models.ForeignKey(
        "devices.Device", on_delete=models.CASCADE, related_name="wipe_questions"
    )
    experiment = models.CharField(max_length=200, blank=True)  # its file name; "": the whole card
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField()
    asked_by = models.CharField(max_length=150, blank=True)
    answer = models.CharField(max_length=10, choices=[(a.value, a.value) for a in MayWipe])
    item_count = models.PositiveIntegerField(null=True)  # null: nobody could list them
    size_bytes = models.PositiveBigIntegerField(null=True)
    reason_count = models.PositiveIntegerField(default=0)
    reasons = models.BinaryField(default=bytes, editable=False)

    class Meta:
        verbose_name = "answer to “May I wipe it?”"
        verbose_name_plural = "answers to “May I wipe it?”"
        ordering = ["device", "experiment"]
        constraints = [
            models.UniqueConstraint(fields=["device", "experiment"], name="one_wipe_a_thing")
        ]

    def __str__(self) -> str:
        return f"May {self.experiment or f'the card of {self.device}'} be wiped? {self.answer}"


class WipeCertificate(models.Model):
    """The signed certificate of one yes. Kept for ever, also when the device is forgotten.

    `body` and `sums` are compressed; their signatures are over what they unpack to.
    """

    number = models.CharField(max_length=100, unique=True)
    device = models.ForeignKey(
        "devices.Device", null=True, on_delete=models.SET_NULL, related_name="certificates"
    )
    device_id_then = models.CharField("machine id", max_length=64)
    device_name = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField()
    listed_at = models.DateTimeField("card as of")  # the second listing
    asked_by = models.CharField(max_length=150, blank=True)
    item_count = models.PositiveIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    body = models.BinaryField(editable=False)
    body_signature = models.TextField(editable=False)
    body_digest = models.CharField(max_length=128, editable=False)
    sums = models.BinaryField(editable=False)
    sums_signature = models.TextField(editable=False)
    signed_by = models.TextField("public key", editable=False)

    checked_at = models.DateTimeField("last looked at")
    check_error = models.CharField("why that look failed", max_length=300, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.TextField(blank=True)

    class Meta:
        verbose_name = "certificate"
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["-made_at", "-id"], name="newest_certificates")]

    def __str__(self) -> str:
        return self.number

    @property
    def stands(self) -> bool:
        return self.withdrawn_at is None and not self.check_error
