from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from devices import tasks
from devices.client import BadAnswer, Unreachable
from devices.models import Device, Lifecycle, NodeStatus
from devices.services import read_cards, video_listing
from devices.services.asking import WrongDevice
from tests.nodes import a_node
from tests.recorded import REAL

from .conftest import ID_11, ID_12, http

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(now):
    """Make a device known at the address of a server."""

    def make(server, device_id=ID_12, **others):
        return Device.objects.create(
            device_id=device_id, address=server.address, first_seen_at=now, told_at=now,
            told_by="node", **others,
        )  # fmt: skip

    return make


def test_a_card_is_read_and_its_wifi_password_is_not_kept(ethoscope, known, now, caplog):
    known(ethoscope())
    assert read_cards(now=now).read == 1
    device = Device.objects.get()
    assert (device.card_used_percent, device.card_name) == (4, "20260101_ethoscope_000.img")
    assert (device.card_read_at, device.card_error, len(device.partitions)) == (now, "", 4)
    dump = StringIO()
    call_command("dumpdata", "devices", stdout=dump)
    assert "ETHOSCOPE_1234" not in dump.getvalue() + caplog.text


@pytest.mark.parametrize("address", ["host/path", "a b", "user:secret@host"])
def test_an_address_that_a_person_mistyped_is_said_to_be_one(known, serve, now, address):
    device = known(serve())
    device.address = address
    device.save()
    read_cards(now=now)
    assert "is not host or host:port" in Device.objects.get().card_error


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(http(REAL.body("device/err_12_wrong_id_data")), id="200 and an error"),
        pytest.param(http({"machine-id": ID_11}), id="another device"),
        pytest.param(http([]), id="wrong type"),
        pytest.param(http({}), id="nothing"),
        pytest.param(http({"machine-id": ID_12, "SD_CARD_NAME": "x"}), id="no partitions"),
        pytest.param(http({"partitions": []}), id="none of them"),
        pytest.param(http({"partitions": [{}, {"Use%": "4%"}]}), id="none that is one"),
        pytest.param(http({"partitions": {"/": "4%"}}), id="partitions of a wrong type"),
        pytest.param(b"", id="hangs up"),
    ],
)
def test_a_card_that_cannot_be_read_keeps_the_last_facts(ethoscope, known, now, answer):
    server = ethoscope()
    known(server)
    read_cards(now=now)
    server.routes[f"/machine/{ID_12}"] = answer
    report = read_cards(now=now + timedelta(hours=1))
    device = Device.objects.get()
    assert (report.read, report.problems) == (0, (device.card_error,))
    assert (device.card_used_percent, device.card_read_at) == (4, now)


def test_only_devices_in_use_are_asked_for_their_cards(ethoscope, known, now):
    server = ethoscope()
    known(server, lifecycle=Lifecycle.RETIRED)
    known(server, ID_11, lifecycle=Lifecycle.PARKED)
    assert read_cards(now=now).read == 0
    assert server.asked == []


CHUNK = f"2025-07-01_10-00-00_{ID_12}__1280x960@15fps-20q_00001.h264"


@pytest.mark.parametrize(
    "listed",
    [
        pytest.param({"video_files": {CHUNK: {"path": "/x"}}, "metadata": {}}, id="July 2025"),
        pytest.param({f"/a/{CHUNK}": {"hash": "x"}, "index.html": {}}, id="older"),
    ],
)
def test_old_firmware_lists_its_videos(ethoscope, known, listed):
    device = known(ethoscope(**{"/list_video_files": http(listed)}))
    assert video_listing(device) == {CHUNK}


@pytest.mark.parametrize("suffix", ["h264", "avi", "mp4"])
def test_videos_of_each_kind_are_listed(ethoscope, known, suffix):
    listed = {f"a_00001.{suffix}": {"path": "/x"}, "a.md5": {"path": "/x"}}
    device = known(ethoscope(**{"/list_video_files": http({"video_files": listed})}))
    assert video_listing(device) == {f"a_00001.{suffix}"}


def test_new_firmware_lists_no_videos(ethoscope, known):
    not_found = http(REAL.body("device/err_12_404"), status="404 Not Found")
    assert video_listing(known(ethoscope(**{"/list_video_files": not_found}))) is None


def test_an_empty_list_of_videos_is_not_no_list(ethoscope, known):
    device = known(ethoscope(**{"/list_video_files": http({"video_files": {}})}))
    assert video_listing(device) == frozenset()


@pytest.mark.parametrize(
    "answer",
    [
        http({"error": "Traceback"}), http(b"", status="500 Oops"), http({"video_files": [CHUNK]}),
        http({"video_files": {"a\0.h264": {}}}), http({"video_files": {"a" * 300: {}}}),
        http({}), http({"metadata": {}}), http({"error": {"path": "x"}}),
        http({"video_files": None}), http({"error": "x", CHUNK: {"path": "/x"}}),
    ],
)  # fmt: skip
def test_a_bad_list_of_videos_is_an_error_and_not_an_empty_one(ethoscope, known, answer):
    with pytest.raises(BadAnswer):
        video_listing(known(ethoscope(**{"/list_video_files": answer})))


def test_videos_of_another_device_are_refused(ethoscope, known):
    with pytest.raises(WrongDevice):
        video_listing(known(ethoscope(ID_11)))


def test_videos_of_a_device_that_is_away_are_not_nothing(ethoscope, known, dead_address):
    device = known(ethoscope())
    device.address = dead_address
    with pytest.raises(Unreachable):
        video_listing(device)


def test_the_tasks_say_shortly_how_it_went(ethoscope, settings):
    server = ethoscope(**{f"/data/{ID_12}": http(REAL.told("device/run_12_data_late"))})
    settings.NODES, settings.DEVICE_ADDRESSES = [a_node()], [server.address]
    found = {"devices": 1, "source": "device", "problems": 0, "error": ""}
    assert tasks.refresh_devices() == found
    assert tasks.read_cards() == {"read": 1, "problems": 0}
    assert str(NodeStatus.objects.get()) == "1 devices told by the device"
