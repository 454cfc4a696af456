"""Which devices have what a kind of run is for."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from backups.models import Recording, ResultCopy
from devices.models import Device, Experiment, Storage, Writer

Devices = QuerySet[Device]
NO_ADDRESS = "nobody has told its address"


def with_mysql(devices: Devices) -> Devices:
    return devices.filter(_writes(Writer.MYSQL))


def with_sqlite(devices: Devices) -> Devices:
    return devices.filter(_writes(Writer.SQLITE))


def _writes(writer: Writer) -> Exists:
    its_own = Experiment.objects.filter(device=OuterRef("pk"), writer=writer, written_off=False)
    return Exists(its_own)


def with_address(devices: Devices) -> Devices:
    """Its firmware may list no videos: whether there are any, only a pull can tell."""
    return devices.exclude(address="")


def with_copies(devices: Devices) -> Devices:
    """What was never seen here needs no second look."""
    mine = {"device": OuterRef("pk")}
    results, videos = ResultCopy.objects.filter(**mine), Recording.objects.filter(**mine)
    return devices.filter(Exists(results) | Exists(videos))


def with_another_place(devices: Devices) -> Devices:
    return devices.exclude(goes_to=None).exclude(goes_to=F("storage")).exclude(Device.HAS_LEFT)


def with_second_place(devices: Devices) -> Devices:
    seconds = Storage.objects.filter(is_second=True)
    on_one = seconds.filter(second_of=OuterRef("storage"))
    here = Q(storage=None) & Q(Exists(seconds.filter(second_of=None)))
    return devices.filter(Q(Exists(on_one)) | here)


def with_left_copies(devices: Devices) -> Devices:
    return devices.filter(Device.HAS_LEFT).exclude(storage=None)
