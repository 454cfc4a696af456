"""Where copies lie, when several hosts hold them."""

from django.core.validators import RegexValidator
from django.db import models
from simple_history.models import HistoricalRecords

from devices.ids import STORAGE_NAME, queue_of

WEB_ADDRESS = r"^https?://[A-Za-z0-9.:\[\]-]{1,150}\Z"
MAIN = "the host of ethonode itself"
SSH_PLACE = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}@[A-Za-z0-9][A-Za-z0-9.-]{0,160}\Z"


class Storage(models.Model):
    """A host that holds copies, with a worker of its own that takes only what lies there.

    Without any, all copies lie on the one host. What follows `heard_at` is what its worker told.
    """

    name = models.CharField(
        max_length=40,
        unique=True,
        validators=[RegexValidator(STORAGE_NAME, "Small letters, digits and dashes")],
        help_text="As its worker is started: ethonode-worker@NAME",
    )
    host = models.CharField(max_length=200, blank=True, help_text="In words: what and where it is")
    pattern = models.CharField(
        "new devices",
        max_length=200,
        blank=True,
        help_text="Whose data goes there: names or ids, * for any; several parted by spaces",
    )
    url = models.CharField(
        "its web server",
        max_length=200,
        blank=True,
        validators=[RegexValidator(WEB_ADDRESS, "http://host:port")],
        help_text="By which this one fetches files; empty: files there can be had only there",
    )
    ssh = models.CharField(
        "reached by ssh as",
        max_length=200,
        blank=True,
        validators=[RegexValidator(SSH_PLACE, "account@host")],
        help_text="account@host, for copies from there; empty: only folders that are mounted",
    )
    ssh_port = models.PositiveIntegerField(default=22)
    is_second = models.BooleanField(
        "keeps second copies",
        default=False,
        help_text="Of what lies on another one; no device's first copies ever go there",
    )
    second_of = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="seconds",
        limit_choices_to={"is_second": False},
        help_text="Of which its second copies are; empty: of the host of ethonode itself",
    )
    main_ssh = models.CharField(
        "reaches ethonode's host by ssh as",
        max_length=200,
        blank=True,
        validators=[RegexValidator(SSH_PLACE, "account@host")],
        help_text="account@host, for copies from there; empty: its folders are mounted here",
    )
    main_ssh_port = models.PositiveIntegerField(default=22)

    heard_at = models.DateTimeField("last heard of", null=True, editable=False)
    results_dir = models.CharField(max_length=400, blank=True, editable=False)
    videos_dir = models.CharField(max_length=400, blank=True, editable=False)
    cards_dir = models.CharField(max_length=400, blank=True, editable=False)
    parallel_runs = models.PositiveSmallIntegerField("runs at once", default=0, editable=False)
    clock_off_seconds = models.FloatField(
        "its clock ahead of ours, at most", null=True, editable=False
    )

    history = HistoricalRecords(
        excluded_fields=[
            "heard_at", "results_dir", "videos_dir", "cards_dir", "parallel_runs",
            "clock_off_seconds",
        ]
    )  # fmt: skip

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def queue(self) -> str:
        return queue_of(self.name)
