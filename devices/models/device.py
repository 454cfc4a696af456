"""Who there is to back up, as last told by the node or by the device itself."""

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from devices.models.storage import MAIN, Storage
from devices.nodes import LONGEST_NAME
from devices.places import OtherPlace, told_twice


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
    left_on_main = models.BooleanField(
        "still kept on the host of ethonode itself",
        default=False,
        editable=False,
        help_text="They were moved from there, and still are there",
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

    HAS_LEFT = models.Q(left__isnull=False) | models.Q(left_on_main=True)

    class Meta:
        ordering = ["name", "device_id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(left=None) | models.Q(left_on_main=False),
                name="copies_are_left_in_one_place",
            )
        ]
        permissions = [
            ("refresh_device", "Can ask for a refresh of a device"),
            ("move_device", "Can move a device's copies to another storage"),
            ("delete_left", "Can delete copies that a move has left behind"),
            ("export_lists", "Can take lists along as CSV or XLSX"),
        ]

    def __str__(self) -> str:
        return self.name or self.device_id

    @property
    def still_kept_on(self) -> str:
        """Where a move has left its old copies; "": nowhere, or they were deleted."""
        return MAIN if self.left_on_main else str(self.left or "")

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
