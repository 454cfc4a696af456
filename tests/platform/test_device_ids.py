"""What a device id is, asked at every door where one comes in."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from backups.engine import claims
from backups.engine.copies.folders import ResultsUnreadable, find_copies
from backups.engine.pull.errors import BadName
from backups.engine.pull.names import checked_device
from backups.engine.videos.cache import BadDeviceId, CacheFile
from backups.services.runs.place import UnsafePlace, path_of_copy
from devices.ids import is_device_id
from devices.records import BadEntry, parse_entry

STARTED = "2026-11-26_12-00-00"
IDS = ["0192c3d4e5f60718293a4b5c6d7e8f90", "VIR0123456789ab", "NO_ID_AVAILABLE", "_a", "a-b", "9"]
NO_IDS = ["", "-rf", "-", "--", "a" * 65, "a b", "a/b", "..", "a.b", "a\n", "é", "٣"]


def claim(device_id, now):
    answer = json.dumps({"devices": {device_id: {"processing": True}}}).encode()
    return claims.parse(answer, daemon="rsync", now=now)


DOORS = {
    "what the node says": (lambda i, now: parse_entry(i, {}, databases=None), BadEntry),
    "what a daemon says": (claim, claims.DaemonPayloadError),
    "a command": (lambda i, now: checked_device(i), BadName),
    "results on the disk": (lambda i, now: find_copies(Path("/nowhere"), i), ResultsUnreadable),
    "the cache": (lambda i, now: CacheFile(directory=Path(), device_id=i, secret=b""), BadDeviceId),
    "a new copy": (lambda i, now: path_of_copy(i, "A", f"{STARTED}_{i}.db"), UnsafePlace),
}


@pytest.mark.parametrize("text", IDS)
def test_every_form_that_machines_give_themselves_is_an_id(text):
    assert is_device_id(text)


@pytest.mark.parametrize("text", [*NO_IDS, None, 1])
def test_what_could_be_an_option_a_path_or_no_name_is_none(text):
    assert not is_device_id(text)


@pytest.mark.parametrize("text", NO_IDS)
@pytest.mark.parametrize("door", DOORS)
def test_no_door_lets_such_a_text_in(door, text, now):
    enter, refusal = DOORS[door]
    with pytest.raises(refusal):
        enter(text, now)


@pytest.mark.django_db
@pytest.mark.parametrize("text", [text for text in NO_IDS if text not in {"", "..", "a/b", "a\n"}])
def test_the_api_answers_that_it_has_no_such_device(admin_client, text):
    assert admin_client.get(f"/api/v1/devices/{quote(text)}/").status_code == 404
    assert admin_client.get("/api/v1/videos/", {"device": text}).status_code == 400
