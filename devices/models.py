"""Who there is to back up, as last told by the node or by the device itself."""

from datetime import datetime

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from simple_history.models import HistoricalRecords

from devices.freshness import availability
from devices.ids import STORAGE_NAME, queue_of
from devices.nodes import LONGEST_NAME, ONLY
from devices.places import OtherPlace, told_twice

WEB_ADDRESS = r"^https?://[A-Za-z0-9.:\[\]-]{1,150}\Z"
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
        help_text="account@host, for second copies of it; empty: its folders are mounted there",
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


class DeviceGroup(models.Model):
    """Devices that share limits, such as those of one incubator or one experiment."""

    name = models.CharField(max_length=100, unique=True)
    storage = models.ForeignKey(
        Storage,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="groups",
        limit_choices_to={"is_second": False},
        help_text="Where the data of its new devices goes; what is saved already stays where it is",
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Lifecycle(models.TextChoices):
    """Set by people: whether a device is meant to be there at all."""

    ACTIVE = "active", "Active"
    PARKED = "parked", "Parked (off on purpose)"
    RETIRED = "retired", "Retired"


class Writer(models.TextChoices):
    """Which database a device writes an experiment into."""

    SQLITE = "sqlite", "SQLite"
    MYSQL = "mysql", "MariaDB"


class Device(models.Model):
    """An ethoscope. `device_id` is its machine id; names may repeat.

    What the device says of itself is on its own clock only where the name says so; every other
    time is ours. `reported_status` is what the node or the device called it: "" if it said null.
    """

    device_id = models.CharField("machine id", max_length=64, unique=True)
    name = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=64, blank=True, help_text="Host, or host:port")
    group = models.ForeignKey(
        DeviceGroup, null=True, blank=True, on_delete=models.SET_NULL, related_name="devices"
    )
    lifecycle = models.CharField(
        max_length=10,
        choices=Lifecycle.choices,
        default=Lifecycle.ACTIVE,
        help_text="Parked and retired devices raise no alarm.",
    )
    notes = models.TextField(blank=True)
    storage = models.ForeignKey(
        Storage,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="devices",
        help_text="Where its copies lie: only a move changes it. Empty: on the host of ethonode",
    )
    goes_to = models.ForeignKey(
        Storage,
        null=True,
        blank=True,
        verbose_name="to be moved to",
        on_delete=models.SET_NULL,
        related_name="coming",
        limit_choices_to={"is_second": False},
        help_text="Where its copies are to lie: “Move its data” then brings and proves them there",
    )
    left = models.ForeignKey(
        Storage,
        null=True,
        editable=False,
        verbose_name="still kept on",
        on_delete=models.PROTECT,
        related_name="left_behind",
        help_text="From where its copies were moved, and where they still are",
    )

    reported_status = models.CharField(max_length=32, blank=True, editable=False)
    first_seen_at = models.DateTimeField(editable=False)
    told_at = models.DateTimeField("last told of", editable=False)
    told_by = models.CharField(max_length=16, editable=False)  # "node" or "device"
    # Whose it is: where it was first told of, until only others tell of it for a whole cycle.
    node = models.CharField(max_length=LONGEST_NAME, blank=True, editable=False)
    untold_at = models.DateTimeField(null=True, editable=False)  # since when only others do
    # Where else its id was told of at the same time: see devices.places
    other_places = models.JSONField(default=list, blank=True, editable=False)
    inventory_read_at = models.DateTimeField(null=True, editable=False)
    inventory_error = models.CharField(max_length=500, blank=True, editable=False)
    clock_at = models.DateTimeField("device's clock", null=True, editable=False)
    clock_skew_seconds = models.FloatField(null=True, editable=False)
    changed_at = models.DateTimeField(
        "last seen writing", null=True, editable=False, help_text="On our clock"
    )
    recording_since = models.DateTimeField(
        null=True, editable=False, help_text="When its newest recording was first seen"
    )
    recording_at = models.DateTimeField("last seen recording", null=True, editable=False)
    software_version = models.CharField(max_length=64, blank=True, editable=False)

    card_used_percent = models.PositiveSmallIntegerField(null=True, editable=False)
    card_age_seconds = models.FloatField(null=True, editable=False)
    card_name = models.CharField(max_length=100, blank=True, editable=False)
    partitions = models.JSONField(default=list, blank=True, editable=False)
    card_read_at = models.DateTimeField(null=True, editable=False)
    card_error = models.CharField(max_length=500, blank=True, editable=False)

    history = HistoricalRecords(
        excluded_fields=[
            "reported_status", "first_seen_at", "told_at", "told_by", "node", "untold_at",
            "other_places", "inventory_read_at", "inventory_error", "clock_at",
            "clock_skew_seconds", "changed_at", "recording_since", "recording_at",
            "software_version", "card_used_percent", "card_age_seconds", "card_name", "partitions",
            "card_read_at", "card_error",
        ]
    )  # fmt: skip

    class Meta:
        ordering = ["name", "device_id"]
        permissions = [
            ("refresh_device", "Can ask for a refresh of a device"),
            ("move_device", "Can move a device's copies to another storage"),
            ("delete_left", "Can delete copies that a move has left behind"),
            ("export_lists", "Can take lists along as CSV or XLSX"),
        ]

    def __str__(self) -> str:
        return self.name or self.device_id

    @property
    def is_recording(self) -> bool:
        return self.reported_status == "recording"

    @property
    def others(self) -> list[OtherPlace]:
        """Where else its id was told of when all were last asked."""
        return [OtherPlace.unpacked(place) for place in self.other_places]

    @property
    def others_apart(self) -> list[OtherPlace]:
        """Of these, those at another address: there may be two devices with its id."""
        return [place for place in self.others if place.address != self.address]

    @property
    def told_twice(self) -> str:
        """That finding in words; "": there is none."""
        return told_twice(self.node_if_several, self.address, self.others)

    @property
    def node_if_several(self) -> str:
        """Whose it is, where there is a choice."""
        return "" if len(settings.NODES) == 1 else self.node

    @property
    def teller(self) -> str:
        """Who told of it last."""
        return f"{self.told_by} {self.node_if_several if self.told_by == 'node' else ''}".strip()


class Experiment(models.Model):
    """One tracking run and its database, as the device lists it. Kept when it no longer does."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="experiments")
    writer = models.CharField(max_length=10, choices=Writer.choices)
    filename = models.CharField(max_length=200)
    path = models.CharField(max_length=400, blank=True)  # on the device, as it says itself
    started_at = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField()
    listed_at = models.DateTimeField("last listed")
    changed_at = models.DateTimeField("last seen growing", null=True)
    growing = models.BooleanField(default=False)
    reported_state = models.CharField(max_length=32, blank=True)  # its db_status: display only
    clock_off_seconds = models.FloatField(
        null=True, help_text="How far the device's clock was ahead of ours at first sight"
    )
    gone_at = models.DateTimeField("no longer on the device", null=True)
    gone_reason = models.CharField(max_length=200, blank=True)

    # The newest that was told of how much it holds; what was told before is in its tellings.
    told_rows = models.JSONField(default=dict, blank=True)  # table -> [highest id, count]
    told_size_bytes = models.PositiveBigIntegerField(null=True)
    rows_told_at = models.DateTimeField(null=True)
    rows_told_by = models.CharField(max_length=16, blank=True)  # "node", "device", "server", "card"
    written_off = models.BooleanField(
        default=False, help_text="A person accepts that no whole copy of this one will ever exist."
    )

    class Meta:
        ordering = ["-started_at", "filename"]
        indexes = [models.Index(fields=["-started_at", "-id"], name="newest_experiments")]
        constraints = [
            models.UniqueConstraint(fields=["device", "filename"], name="one_row_per_experiment")
        ]
        permissions = [("write_off_experiment", "Can accept the loss of an experiment")]

    def __str__(self) -> str:
        return self.filename


class Telling(models.Model):
    """How many rows an experiment had at one moment, as somebody told who could count them.

    Those that a copy was shown to reach are forgotten: they can prove nothing more.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="tellings")
    told_at = models.DateTimeField()
    told_by = models.CharField(max_length=16)
    rows = models.JSONField()  # table -> [highest id, count]
    size_bytes = models.PositiveBigIntegerField(null=True)
    final = models.BooleanField(default=False)  # counted on the device, after the end

    class Meta:
        ordering = ["experiment", "told_at"]
        indexes = [models.Index(fields=["experiment", "told_at"], name="tellings_in_order")]

    def __str__(self) -> str:
        return f"{self.experiment} at {self.told_at:%Y-%m-%d %H:%M:%S}"


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
