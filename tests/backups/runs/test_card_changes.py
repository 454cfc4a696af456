"""What changed on a card between two listings of it is remembered, and shown on its page."""

import pytest

from backups.models import CardChange, CardListing, RunKind
from backups.services import card_changes
from tests.engine.pull.conftest import chunk, put

pytestmark = pytest.mark.django_db

VIDEO = b"\0\0\0\1\x67" + b"video" * 1000


@pytest.fixture
def list_it(do):
    def list_it():
        run = do(RunKind.LIST_CARD)
        assert (run.state, run.error) == ("succeeded", "")

    return list_it


@pytest.fixture
def videos(card, device):
    folder = card / "videos" / device.device_id
    for number in (1, 2, 3):
        put(folder / chunk(number), VIDEO)
    return folder


def counts():
    return [
        {kind: some["count"] for kind, some in change.numbers.items() if some["count"]}
        for change in CardChange.objects.all()
    ]


def test_the_first_listing_has_nothing_before_it(list_it, videos):
    list_it()
    assert counts() == []


def test_a_listing_that_differs_in_nothing_leaves_no_row(list_it, videos):
    list_it()
    list_it()
    assert counts() == []


def test_what_came_grew_and_went_is_remembered_and_shown(list_it, videos, device, admin_client):
    list_it()
    put(videos / chunk(4), VIDEO)
    put(videos / chunk(2), VIDEO * 2)
    (videos / chunk(1)).unlink()
    list_it()
    assert counts() == [{"came": 1, "grew": 1, "went": 1}]
    change = CardChange.objects.get()
    assert change.listed_at == CardListing.objects.get().began_at > change.since
    address = f"/admin/devices/device/{device.pk}/change/?tab=card"
    page = admin_client.get(address).content.decode()
    assert "1 file came (4.9 KiB), 1 grew (4.9 KiB), 1 went (4.9 KiB)" in page
    assert chunk(4) in page


def test_a_listing_that_cannot_be_read_any_more_is_no_empty_one(list_it, videos):
    list_it()
    CardListing.objects.update(packed=b"of an older version")
    list_it()
    assert counts() == []
    put(videos / chunk(4), VIDEO)
    list_it()
    assert counts() == [{"came": 1}]


def test_only_so_many_are_kept_the_newest(list_it, videos, monkeypatch):
    monkeypatch.setattr(card_changes, "MOST_KEPT", 2)
    for number in range(4, 9):
        list_it()
        put(videos / chunk(number), VIDEO * number)
    assert [
        change.numbers["came"]["size_bytes"] // len(VIDEO) for change in CardChange.objects.all()
    ] == [7, 6]
