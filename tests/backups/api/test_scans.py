"""`/api/v1/snapshots/` tells how the scan of the videos went."""

import pytest

from backups.models import VideoScan


@pytest.fixture
def scanned(take, device):
    """A snapshot of videos with a scan, and one of a database without."""
    snapshot = take(device, "video")
    VideoScan.objects.create(
        snapshot=snapshot, seconds=0.25, folder_count=4, listed_folder_count=1,
        cached_count=3, fresh_count=1, rechecked_count=1, errors=["a: Permission denied"],
        cache_problem="is cut short",
    )  # fmt: skip
    take(device, "mysql")
    return snapshot


def test_a_snapshot_tells_hit_ratio_fresh_count_seconds_and_errors(viewer, scanned):
    assert viewer.get(f"/api/v1/snapshots/{scanned.pk}/").json()["scan"] == {
        "seconds": 0.25,
        "hit_ratio": 0.75,
        "cached_count": 3,
        "fresh_count": 1,
        "rechecked_count": 1,
        "folder_count": 4,
        "listed_folder_count": 1,
        "errors": ["a: Permission denied"],
        "cache_problem": "is cut short",
    }


def test_a_list_tells_it_too_and_asks_no_more_for_it(
    viewer, scanned, django_assert_max_num_queries
):
    with django_assert_max_num_queries(5):
        rows = viewer.get("/api/v1/snapshots/").json()["results"]
    assert {row["backup_type"]: row["scan"] and row["scan"]["hit_ratio"] for row in rows} == {
        "video": 0.75,
        "mysql": None,
    }
