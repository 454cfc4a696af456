"""A person writes off what is lost of a recording, and takes that back."""

import pytest

from backups.engine.videos.ledger import EQUAL, TOLD, KnownFile, pack_items
from backups.models import DamagedFile, RecordingLedger
from tests.engine.videos.chunks import chunk
from tests.engine.videos.test_judge import WHOLE

pytestmark = pytest.mark.django_db
SUBMIT = {"_form_submitted": "on", "confirmation": "write off", "reason": "the card burnt"}
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


def with_files(ledger, items, **facts):
    RecordingLedger.objects.filter(pk=ledger.pk).update(memory=pack_items(items), **facts)


def page_of(client, ledger):
    answer = client.get(f"/admin/backups/recordingledger/{ledger.pk}/change/")
    return " ".join(answer.content.decode().split())


def test_a_recording_is_shown_as_a_strip_with_a_legend(admin_client, ledger, device, now):
    whole = {chunk(n): KnownFile(told=9, held=9, known=1, flags=WHOLE) for n in range(1, 40)}
    with_files(
        ledger, whole | {chunk(7): KnownFile(), chunk(9): KnownFile(flags=TOLD)}, looked_at=now
    )
    DamagedFile.objects.create(
        device=device, recording=ledger.recording, path="x", name=chunk(20), kind="zeros",
        reason="zeros", first_seen_at=now, content=1,
    )  # fmt: skip
    page = page_of(admin_client, ledger)
    assert 'aria-label="39 files: 1 damaged, 1 gap, 1 missing, 36 counted"' in page
    assert "<title>chunk 20: damaged</title>" in page
    for said in ("gap: a number that lacks", "chunk 7", "36</strong> counted"):
        assert said in page
    assert page.count("<rect ") == 7 + 4  # the strip, and the legend


def test_a_strip_of_a_long_recording_is_small(admin_client, ledger, now):
    items = {
        chunk(n): KnownFile(told=9, held=9, known=1, flags=WHOLE if n % 2 else WHOLE | EQUAL)
        for n in range(1, 601)
    }
    with_files(ledger, items, looked_at=now)
    assert len(page_of(admin_client, ledger)) < 200_000


def test_a_recording_that_nobody_looked_at_is_not_called_here(admin_client, ledger):
    with_files(ledger, {chunk(1): KnownFile(told=9, held=9, known=1, flags=WHOLE)})
    assert "never held against the disk" in page_of(admin_client, ledger)


def test_a_recording_without_files_has_a_page(admin_client, ledger):
    assert "No file of it is known" in page_of(admin_client, ledger)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"kind": "lost"}, "lost"),
        ({"kind": ""}, "not looked at"),
        ({"kind": "", "looked_at": "now"}, "no file known"),
        ({"kind": "", "looked_at": "now", "known_count": 3}, "saved"),
        ({"kind": "", "looked_at": "now", "known_count": 3, "growing": True}, "saved so far"),
        ({"kind": "lost", "written_off": True}, "written off"),
    ],
)
def test_a_list_says_no_more_than_was_looked_at(admin_client, ledger, now, facts, said):
    facts = {name: now if value == "now" else value for name, value in facts.items()}
    RecordingLedger.objects.filter(pk=ledger.pk).update(**{"looked_at": None} | facts)
    page = " ".join(admin_client.get("/admin/backups/recordingledger/").content.decode().split())
    assert f">{said}</span>" in page


def test_a_row_asks_for_its_strip_as_it_comes_into_sight(admin_client, ledger, now):
    with_files(ledger, {chunk(1): KnownFile(told=9, held=9, known=1, flags=WHOLE)}, known_count=1)
    page = admin_client.get("/admin/backups/recordingledger/").content.decode()
    address = f"/admin/backups/recordingledger/{ledger.pk}/strip/"
    assert f'hx-get="{address}" hx-trigger="revealed"' in page
    assert b"<rect " in admin_client.get(address).content


def test_a_strip_is_shown_to_who_may_see_it(person, ledger):
    address = f"/admin/backups/recordingledger/{ledger.pk}/strip/"
    assert person("devices.view_device").get(address).status_code == 403


def test_what_is_whole_cannot_be_written_off(admin_client, ledger):
    RecordingLedger.objects.update(kind="")
    admin_client.post(f"/admin/backups/recordingledger/{ledger.pk}/write_off/", SUBMIT)
    ledger.refresh_from_db()
    assert not ledger.written_off
