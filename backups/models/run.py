"""One execution of a backup here: what was asked, how far it came, and how it ended."""

from typing import Protocol

from django.conf import settings
from django.db import models

from devices.models import Storage


class RunKind(models.TextChoices):
    """What a run does. All else about each kind is declared in `services.runs.kinds`."""

    MIRROR = "mirror", "MySQL mirror"
    PULL_RESULTS = "pull_results", "Pull of results"
    PULL_VIDEOS = "pull_videos", "Pull of videos"
    PULL_FILES = "pull_files", "Pull of other files"
    VERIFY = "verify", "Verification"
    LIST_CARD = "list_card", "Listing of the card"
    PROVE = "prove", "Proof of content"
    WIPE = "wipe", "Question “May I wipe it?”"
    MOVE = "move", "Move to another storage"
    SECOND_COPY = "second_copy", "Second copy"
    CLEAR = "clear", "Deletion of what a move left"
    CONNECT = "connect", "Test of the connection"


class RunState(models.TextChoices):
    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    WAITING = "waiting", "waiting"  # the device has nothing to save yet: it is asked again later
    SUCCEEDED = "succeeded", "succeeded"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


class RunTrigger(models.TextChoices):
    SCHEDULE = "schedule", "schedule"
    PERSON = "person", "person"
    API = "api", "api"


OPEN_STATES = (RunState.QUEUED, RunState.RUNNING, RunState.WAITING)


class Run(models.Model):
    """One attempt. A failed one stays as it ended; the next attempt is a run of its own."""

    device = models.ForeignKey("devices.Device", on_delete=models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=16, choices=RunKind.choices)
    trigger = models.CharField(max_length=10, choices=RunTrigger.choices)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    storage = models.ForeignKey(
        Storage,
        null=True,
        on_delete=models.CASCADE,
        related_name="runs",
        help_text="Whose worker does it, where it is not that of the device's own storage",
    )
    on_main = models.BooleanField(
        default=False,
        help_text="The worker of the one host does it, wherever the device's copies lie",
    )
    attempt = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.QUEUED.value)
    queued_at = models.DateTimeField()
    not_before = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)

    phase = models.CharField(max_length=100, blank=True)
    rows_done = models.PositiveBigIntegerField(null=True)
    rows_total = models.PositiveBigIntegerField(null=True)
    bytes_done = models.PositiveBigIntegerField(null=True)
    bytes_total = models.PositiveBigIntegerField(null=True)
    files_done = models.PositiveBigIntegerField(null=True)
    files_total = models.PositiveBigIntegerField(null=True)

    path = models.CharField(max_length=400, blank=True)  # of the copy, below the data folder
    error = models.CharField(max_length=1000, blank=True)
    failure = models.CharField(max_length=40, blank=True)  # the name of the error, if it has one
    log = models.TextField(blank=True)
    numbers = models.JSONField(default=dict, blank=True)  # its kind's RunReport

    class Meta:
        ordering = ["-queued_at", "-pk"]
        get_latest_by = "queued_at"
        indexes = [
            models.Index(fields=["device", "kind", "-queued_at"], name="runs_of_a_device"),
            models.Index(fields=["state", "not_before"], name="runs_that_are_due"),
            models.Index(fields=["-queued_at"], name="newest_runs"),
            models.Index(fields=["-ended_at"], name="runs_by_end"),  # those that are open have none
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["device", "kind"],
                condition=models.Q(state__in=[state.value for state in OPEN_STATES]),
                name="one_open_run_per_device_and_kind",
            )
        ]
        permissions = [("start_run", "Can start a backup"), ("cancel_run", "Can cancel a backup")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.device}"

    @property
    def place(self) -> Storage | None:
        """Whose worker does it; None: that of the one host."""
        storage: Storage | None = self.storage or self.device.storage
        return None if self.on_main else storage

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def percent(self) -> int | None:
        """How far it is, by what it counts; None where no total is known."""
        done, total = measure(self)
        return min(100, 100 * done // total) if total else None


class Counted(Protocol):
    """What tells how far a run is. A count that its kind does not know is None."""

    @property
    def bytes_done(self) -> int | None: ...
    @property
    def bytes_total(self) -> int | None: ...
    @property
    def rows_done(self) -> int | None: ...
    @property
    def rows_total(self) -> int | None: ...
    @property
    def files_done(self) -> int | None: ...
    @property
    def files_total(self) -> int | None: ...


def measure(counted: Counted) -> tuple[int, int | None]:
    """Done, and of how much, in whatever it counts; None where no total is known."""
    counts = (
        (counted.bytes_done, counted.bytes_total),
        (counted.rows_done, counted.rows_total),
        (counted.files_done, counted.files_total),
    )
    return next(((done or 0, total) for done, total in counts if total), (0, None))
