"""A card that is mounted in the place of its own copies looks as if all of it were saved."""

import pytest
from django.utils import timezone

from backups.engine.wipe import MayWipe
from backups.models import CardReading, RunKind, RunState
from backups.services import mounted_cards
from backups.services.snapshots import take_snapshot
from backups.services.wipes import reasons_of
from devices.models import Device

pytestmark = pytest.mark.django_db
ITS = "a card that is mounted here is no copy of itself"
FOLDERS = ["results", "videos", "cards"]


@pytest.fixture
def mounted(monkeypatch, tmp_path, world, settings):
    """Linux says that this is mounted below one of our folders, whose files are there as before."""
    roots = [settings.RESULTS_DIR, settings.VIDEOS_DIR, settings.CARDS_DIR]
    roots = dict(zip(FOLDERS, roots, strict=True))

    def mounted(folder, source, *, kind="fuse.sshfs", below=""):
        point = roots[folder] / world.device.device_id / below
        told = tmp_path / "mountinfo"
        told.write_text(
            f"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:9 / {point} rw - {kind} {source} rw\n"
        )
        monkeypatch.setattr(mounted_cards, "MOUNTS", told)
        return point

    return mounted


def looks(world):
    """Why each backup of it is not judged by what lies here; "": it is."""
    taken = take_snapshot(world.device, now=timezone.now())
    assert len(taken) == 3
    return [one.facts.disk_error for one in taken]


@pytest.mark.parametrize(
    ("folder", "source"),
    [
        ("results", "root@127.0.0.1:/ethoscope_data"),
        ("videos", "//127.0.0.1/card"),
        ("cards", "ETHOSCOPE_019.local:"),
    ],
)
def test_what_is_mounted_from_a_device_is_no_copy(world, mounted, may_wipe, folder, source):
    assert may_wipe().answer == MayWipe.YES
    point = mounted(folder, source)
    asked = may_wipe()
    assert asked.answer == MayWipe.UNKNOWN
    assert [f"{point} is mounted from {source}" in why and ITS in why for why in looks(world)] == [
        True
    ] * 3
    assert ITS in str(reasons_of(asked))


def test_another_device_is_no_better(world, mounted, may_wipe):
    now = timezone.now()
    Device.objects.create(
        device_id="a" * 32,
        name="ETHOSCOPE_007",
        address="10.9.9.9:9000",
        first_seen_at=now,
        told_at=now,
    )
    mounted("videos", "10.9.9.9:/x", kind="nfs4", below="ETHOSCOPE_019/2026")
    assert may_wipe().answer == MayWipe.UNKNOWN


@pytest.mark.parametrize(
    ("kind", "differs_by", "answer"),
    [
        ("fuse.sshfs", 0, MayWipe.UNKNOWN),
        ("nfs4", 0, MayWipe.UNKNOWN),
        ("nfs4", 4096, MayWipe.YES),
        ("ext4", 0, MayWipe.YES),
    ],
)
def test_what_others_share_and_has_the_cards_size_may_be_it(
    world, mounted, may_wipe, kind, differs_by, answer
):
    """By whatever name of its host; a lab's own store has another size."""
    assert may_wipe().answer == MayWipe.YES
    reading = CardReading.objects.order_by("-read_at").first()
    reading.size_bytes += differs_by
    reading.save()
    mounted("videos", "card-of-19:/", kind=kind)
    assert [ITS in why for why in looks(world)] == [answer == MayWipe.UNKNOWN] * 3


@pytest.mark.parametrize(
    "kind",
    [RunKind.PULL_RESULTS, RunKind.PULL_VIDEOS, RunKind.PULL_FILES, RunKind.MIRROR, RunKind.PROVE],
)
def test_nothing_is_brought_to_it_or_proven_by_it(world, mounted, do, kind):
    before = files(world.card)
    mounted("cards", "root@127.0.0.1:/ethoscope_data")
    done = do(kind)
    assert (done.state, ITS in done.error) == (RunState.FAILED, True)
    assert files(world.card) == before


def files(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.parametrize(("name", "why"), [("", "Is a directory"), ("none", "No such file")])
def test_where_linux_does_not_tell_nothing_is_proven(
    world, monkeypatch, tmp_path, may_wipe, do, name, why
):
    monkeypatch.setattr(mounted_cards, "MOUNTS", tmp_path / name)
    assert may_wipe().answer == MayWipe.UNKNOWN
    assert all(f"cannot be told: {why}" in said for said in looks(world))
    assert why in do(RunKind.PROVE).error
