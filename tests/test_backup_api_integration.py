"""The backup API as a whole: node, services and disk of a simulated lab, to JSON.

The classes are those of the document in docs/backup-system-tests.md; tests/README.md says which
test answers which of its sentences.
"""

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from backups.models import DaemonStatus
from backups.services import daemons
from devices.models import Device, NodeStatus
from devices.services import NothingToAsk, refresh_devices
from tests.nodes import a_node

TYPES = ("mysql", "sqlite", "video")
STATUS_WORDS = {"success", "not_available", "offline", "unknown", "error"}
OVERALL_WORDS = {"success", "partial", "no_backups", "unknown", "error"}
MALFORMED = ["cut", "half-written", "non-json", "error-200", "wrong-types", "http-500", "oversized"]


@pytest.fixture
def status(client, db):
    """What GET /backup/status answers."""

    def status():
        answer = client.get("/backup/status")
        assert answer.status_code == 200
        return answer.json()

    return status


def blocks(answer):
    """Every (device id, type, block)."""
    return [
        (device_id, kind, told["backup_types"][kind])
        for device_id, told in answer["devices"].items()
        for kind in TYPES
    ]


def patient(settings, seconds=0.3):
    settings.SERVICE_TIMEOUT = settings.NODE_TIMEOUT = timedelta(seconds=seconds)


class TestBackupAPIIntegration:
    def test_the_status_endpoint_tells_of_all_devices_services_and_types(
        self, installation, status
    ):
        installation.cycle()
        answer = status()
        assert answer["devices"].keys() == {d.device_id for d in installation.lab.devices}
        assert answer["services"].keys() == {"mysql_backup", "rsync_backup"}
        assert all(told["backup_types"].keys() == set(TYPES) for told in answer["devices"].values())
        assert answer["timestamp"] == installation.now().timestamp()

    def test_available_means_that_the_disk_holds_a_copy(self, installation, status):
        installation.cycle()
        lab = installation.lab
        for device_id, kind, block in blocks(status()):
            folder = lab.videos_dir if kind == "video" else lab.results_dir
            suffix = "*.h264" if kind == "video" else "*.db"
            if block["available"]:
                assert list((folder / device_id).rglob(suffix))

    def test_the_same_question_twice_is_answered_the_same(self, installation, status):
        installation.cycle()
        assert status() == status()

    def test_a_request_asks_nobody(self, installation, status):
        installation.cycle()
        before = len(installation.lab.requests)
        status()
        assert len(installation.lab.requests) == before

    def test_both_services_are_detected_as_available(self, installation, status):
        installation.cycle()
        answer = status()
        assert answer["summary"] == {
            "mysql_backup_available": True,
            "rsync_backup_available": True,
            "services": {"mysql_service_available": True, "rsync_service_available": True},
        }
        assert all(service["available"] is True for service in answer["services"].values())

    @pytest.mark.parametrize(("dead", "alive"), [("mysql", "rsync"), ("rsync", "mysql")])
    def test_one_service_down_is_told_apart_from_the_other(self, installation, status, dead, alive):
        installation.lab.kill(dead)
        installation.cycle()
        services = status()["services"]
        assert services[f"{dead}_backup"]["available"] is False
        assert services[f"{alive}_backup"]["available"] is True

    def test_each_device_has_its_own_backup_information(self, installation, client):
        installation.cycle()
        for device in installation.lab.devices:
            told = client.get(f"/device/{device.device_id}/backup").json()
            assert told["device_id"] == device.device_id
            held = {p.name for p in (installation.lab.results_dir / device.device_id).rglob("*.db")}
            named = told["backup_status"]["mysql"]["databases"]
            saved = {*named, *told["backup_status"]["sqlite"]["databases"]}
            shown = {*told["databases"]["SQLite"], *told["databases"]["MariaDB"]}
            assert saved <= held <= shown  # what nothing proves is shown, and not called saved

    def test_the_status_has_the_structure_of_the_recorded_answers(self, installation, status, real):
        installation.cycle()
        ours, theirs = status(), real.told("node/t1_backup_status_after_success")
        assert list(ours) == list(theirs)
        assert list(ours["services"]) == list(theirs["services"])
        assert ours["services"]["rsync_backup"].keys() == theirs["services"]["rsync_backup"].keys()
        pattern = next(iter(theirs["devices"].values()))
        for told in ours["devices"].values():
            assert list(told) == list(pattern)
            for kind in TYPES:
                assert list(told["backup_types"][kind]) == list(pattern["backup_types"][kind])

    def test_device_information_has_the_structure_of_the_recorded_answers(
        self, installation, client, real
    ):
        installation.cycle()
        theirs = real.told("node/t1_device12_backup_after_success")
        ours = client.get(f"/device/{installation.of_kind('idle').device_id}/backup").json()
        assert list(ours) == list(theirs)
        assert list(ours["backup_status"]) == list(theirs["backup_status"])
        assert list(ours["databases"]) == list(theirs["databases"])

    def test_numbers_are_numbers_and_flags_are_flags_for_the_home_page(self, installation, status):
        installation.cycle()
        for _, kind, block in blocks(status()):
            assert type(block["available"]) is type(block["processing"]) is bool
            count = block["records" if kind == "mysql" else "files"]
            assert type(block["size"]) is type(block["last_backup"]) is type(count) is int
            assert type(block["status"]) is type(block["directory"]) is str

    def test_the_home_page_is_told_only_words_that_it_knows(self, installation, status):
        installation.cycle()
        answer = status()
        assert {block["status"] for *_, block in blocks(answer)} <= STATUS_WORDS
        overall = {told["overall_status"] for told in answer["devices"].values()}
        assert overall <= OVERALL_WORDS
        assert len(overall) > 1

    def test_the_home_page_is_told_who_is_in_work_by_name(self, installation, status):
        installation.cycle()
        names = [device.name for device in installation.lab.devices]
        rsync = DaemonStatus.objects.get(daemon="rsync")
        rsync.processing = [installation.lab.devices[0].device_id]
        rsync.save()
        assert status()["processing_devices"] == [{"service": "rsync", "device": names[0]}]

    def test_the_new_api_names_the_same_devices(self, installation, status, admin_client):
        installation.cycle()
        told = admin_client.get("/api/v1/devices/").json()["results"]
        assert {row["device_id"] for row in told} == status()["devices"].keys()


class TestBackupAPIErrorHandling:
    def test_without_any_service_the_status_is_still_complete(self, installation, status):
        installation.cycle()
        whole = status()
        for service in ("mysql", "rsync"):
            installation.lab.kill(service)
        installation.cycle()
        answer = status()
        assert not any(service["available"] for service in answer["services"].values())
        assert answer["devices"].keys() == whole["devices"].keys()
        assert [b["size"] for *_, b in blocks(answer)] == [b["size"] for *_, b in blocks(whole)]

    def test_a_hung_service_costs_its_timeout_and_no_request(self, installation, status, settings):
        patient(settings)
        installation.lab.faults.switch_on("hung", target="rsync")
        daemons.check_daemons(now=timezone.now())
        rsync = DaemonStatus.objects.get(daemon="rsync")
        assert not rsync.answered
        assert rsync.error
        assert status()["services"]["rsync_backup"]["available"] is False

    @pytest.mark.parametrize("target", ["mysql", "rsync"])
    def test_a_malformed_answer_of_a_service_is_unavailable_and_no_error(
        self, installation, status, settings, target
    ):
        patient(settings, seconds=2)
        for fault in MALFORMED:
            installation.lab.faults.switch_on(fault, target=target)
            daemons.check_daemons(now=timezone.now())
            told = status()["services"]
            if fault != "wrong-types":  # what of it can be read is used
                assert told[f"{target}_backup"]["available"] is False, fault
                assert DaemonStatus.objects.get(daemon=target).error, fault
            installation.lab.faults.switch_off(fault)
        daemons.check_daemons(now=timezone.now())
        assert status()["services"][f"{target}_backup"]["available"] is True

    def test_a_corrupted_cache_changes_no_number_of_the_api(self, installation, status):
        installation.cycle()
        whole = {(i, kind): block["size"] for i, kind, block in blocks(status())}
        for path in django_settings.VIDEO_CACHE_DIR.glob("*.pkl"):
            path.write_bytes(b"\x80\x05corrupt")
        installation.lab.tick(60)
        installation.cycle()
        again = {(i, kind): block["size"] for i, kind, block in blocks(status())}
        assert {key: size for key, size in again.items() if key[1] == "video"} == {
            key: size for key, size in whole.items() if key[1] == "video"
        }

    def test_with_a_corrupted_cache_the_device_route_still_answers(self, installation, client):
        installation.cycle()
        recorder = installation.of_kind("video").device_id
        (django_settings.VIDEO_CACHE_DIR / f"video_cache_{recorder}.pkl").write_bytes(b"corrupt")
        answer = client.get(f"/device/{recorder}/backup")
        assert answer.status_code == 200
        assert answer.json()["backup_status"]["video"]["file_count"] > 0

    def test_a_device_scanner_that_fails_gives_no_devices_and_no_500(
        self, installation, status, settings
    ):
        installation.lab.kill("node")
        refresh_devices(now=installation.now())
        assert status()["devices"] == {}
        assert NodeStatus.objects.get().error

    @pytest.mark.parametrize("fault", ["non-json", "http-500", "cut"])
    def test_a_scanner_that_fails_later_forgets_no_device(self, installation, status, fault):
        installation.cycle()
        known = status()["devices"].keys()
        installation.lab.faults.switch_on(fault, target="node")
        installation.lab.tick(60)
        installation.cycle()
        assert status()["devices"].keys() == known

    def test_without_anything_to_ask_the_status_is_empty_and_no_500(
        self, quiet_site, settings, status
    ):
        settings.NODES, settings.DEVICE_ADDRESSES = [a_node()], []
        with pytest.raises(NothingToAsk):
            refresh_devices(now=timezone.now())
        assert status()["devices"] == {}
        assert status()["timestamp"] == 0

    def test_a_device_that_nobody_looked_at_is_unknown_and_not_fine(self, bare_device, status):
        told = status()["devices"][bare_device.device_id]
        assert told["overall_status"] == "unknown"
        assert {told["backup_types"][kind]["status"] for kind in TYPES} == {"unknown"}

    def test_an_unknown_device_is_an_error_in_words(self, quiet_site, client):
        answer = client.get("/device/0990000000000000000000000000abcd/backup")
        told = answer.json()
        assert "Device 0990000000000000000000000000abcd not found" in told["error"]
        assert list(told) == ["error"]
        assert not Device.objects.exists()
