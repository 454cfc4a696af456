"""A person writes off what is lost of a recording, and takes that back."""

import pytest

from backups.models import RecordingLedger

pytestmark = pytest.mark.django_db
SUBMIT = {"_form_submitted": "on"}
PERMISSIONS = ("backups.view_recordingledger", "backups.change_recordingledger")


@pytest.fixture
def ledger(device, now):
    return RecordingLedger.objects.create(
        device=device, recording="2026-01-03_10-00-00", first_known_at=now, kind="lost"
    )


@pytest.mark.parametrize(("act", "was"), [("write_off", False), ("take_back", True)])
def test_who_may_decide_writes_off_and_takes_back(person, ledger, act, was):
    RecordingLedger.objects.update(written_off=was)
    client = person(*PERMISSIONS)
    client.post(f"/admin/backups/recordingledger/{ledger.pk}/{act}/", SUBMIT)
    ledger.refresh_from_db()
    assert ledger.written_off is not was


def test_who_may_only_look_does_not(person, ledger):
    client = person(PERMISSIONS[0])
    answer = client.post(f"/admin/backups/recordingledger/{ledger.pk}/write_off/", SUBMIT)
    assert answer.status_code == 403
    ledger.refresh_from_db()
    assert not ledger.written_off
