"""/api/v1/videos/: video files by name, out of the cache of the last scan."""

from datetime import timedelta

import pytest

from backups.models import Recording
from backups.services.videos import cache_file, scan_videos
from devices.models import Device

ADDRESS = "/api/v1/videos/"


@pytest.fixture
def scanned(settings, tmp_path, device, now):
    """Five chunks in two recordings."""
    settings.VIDEOS_DIR = tmp_path / "videos"
    settings.VIDEO_CACHE_DIR = settings.VIDEOS_DIR / ".cache"
    for recording in ("E/a", "E/b"):
        folder = settings.VIDEOS_DIR / device.device_id / recording
        folder.mkdir(parents=True)
        for number in range(1, 4 if recording == "E/a" else 3):
            (folder / f"x_{number:05d}.h264").write_bytes(b"x" * number)
    return scan_videos(device, now=now + timedelta(days=60))


def test_a_video_is_told_with_its_recording_size_and_time(viewer, device, scanned):
    answer = viewer.get(ADDRESS, {"device": device.device_id, "recording": "E/b", "limit": 1})
    [video] = answer.json()["results"]
    assert video.pop("modified_at").endswith("Z")
    assert video == {
        "device": device.device_id,
        "recording": "E/b",
        "name": "x_00001.h264",
        "size_bytes": 1,
    }


@pytest.mark.parametrize("limit", [1, 2, 5, 1000])
def test_pages_follow_one_another_to_the_last(viewer, scanned, limit):
    names, following = [], f"{ADDRESS}?limit={limit}"
    while following:
        page = viewer.get(following).json()
        names += [(video["recording"], video["name"]) for video in page["results"]]
        following = page["next"]
    assert len(names) == len(set(names)) == 5
    assert names == sorted(names)


def test_search_by_name(viewer, scanned):
    answer = viewer.get(ADDRESS, {"search": "X_00003"})
    assert [video["name"] for video in answer.json()["results"]] == ["x_00003.h264"]


def test_a_device_whose_names_are_lost_is_a_problem_and_not_an_empty_list(viewer, device, scanned):
    cache_file(device.device_id).path.write_bytes(b"planted")
    answer = viewer.get(ADDRESS).json()
    assert answer["results"] == []
    assert "not written by this installation" in answer["problems"][0]


def test_a_device_that_does_not_exist_is_said_not_to(viewer):
    assert "no such device" in viewer.get(ADDRESS, {"device": "x"}).json()["problems"][0]


@pytest.mark.parametrize(
    "query",
    [
        {"device": "../x"},
        {"device": "a b"},
        {"limit": 0},
        {"limit": "many"},
        {"cursor": "made up"},
        {"search": "x" * 256},
        {"search": "\0"},
    ],
)
def test_a_bad_question_is_answered_in_the_one_error_shape(viewer, scanned, query):
    answer = viewer.get(ADDRESS, query)
    assert answer.status_code == 400
    assert answer.json()["errors"].keys() == query.keys()


def test_it_needs_the_permission_to_view_devices(client, person, scanned):
    assert client.get(ADDRESS).status_code in {401, 403}
    assert person().get(ADDRESS).status_code == 403
    assert person("devices.view_device").get(ADDRESS).status_code == 200


def test_it_costs_no_walk_of_the_disk(viewer, settings, scanned, django_assert_max_num_queries):
    settings.VIDEOS_DIR = settings.VIDEOS_DIR / "gone"
    with django_assert_max_num_queries(6):
        assert len(viewer.get(ADDRESS).json()["results"]) == 5


def test_it_costs_the_same_however_many_devices_have_no_file(
    viewer, scanned, now, django_assert_max_num_queries
):
    bare = [
        Device(device_id=f"{n:032x}", name=f"ETHOSCOPE_{n:03}", first_seen_at=now, told_at=now)
        for n in range(100, 140)
    ]
    for device in Device.objects.bulk_create(bare):
        Recording.objects.create(device=device, folder="f", chunk_count=1, size_bytes=1)
    with django_assert_max_num_queries(6):
        answer = viewer.get(ADDRESS).json()
    assert (len(answer["results"]), len(answer["problems"])) == (5, 40)


def test_the_schema_names_its_parameters(viewer):
    schema = viewer.get("/api/v1/schema/?format=json").json()
    parameters = schema["paths"][ADDRESS]["get"]["parameters"]
    names = {parameter["name"] for parameter in parameters}
    assert names >= {"device", "recording", "search", "cursor", "limit"}
