"""The node's tree of videos is like a lab's."""

import re
from collections import Counter

import pytest

DAY = 86_400
NAME = re.compile(
    r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_[0-9a-f]{32}_[A-Za-z0-9-]*_"
    r"(1280x960@15fps-20q|640x480@15\.0)_\d{5}\.h264"
)


@pytest.fixture
def chunks(lab):
    return sorted(lab.videos_dir.rglob("*.h264"))


def test_each_device_that_films_has_as_many_chunks_as_asked(by_kind, chunks):
    found = Counter(chunk.parts[-4] for chunk in chunks)
    assert found == {by_kind[kind].device_id: 20 for kind in ("old", "video", "idle")}


def test_chunks_bear_true_names_in_true_folders(lab, chunks):
    names = {device.device_id: device.name for device in lab.devices}
    for chunk in chunks:
        device_id, name, stamp = chunk.relative_to(lab.videos_dir).parts[:3]
        assert names[device_id] == name
        assert NAME.fullmatch(chunk.name)
        assert chunk.name.startswith(f"{stamp}_{device_id}_")


def test_chunks_have_true_sizes_and_take_a_block_of_room(chunks):
    sizes = [chunk.stat() for chunk in chunks]
    assert sum(told.st_size for told in sizes) > 2_000_000_000
    assert all(0 < 512 * told.st_blocks <= 4096 for told in sizes)


def test_most_chunks_are_old_and_some_are_young(make_lab):
    lab = make_lab(devices=3, chunks=1000)  # the third is the first that films
    ages = [lab.now() - path.stat().st_mtime for path in lab.videos_dir.rglob("*.h264")]
    assert sum(age > 30 * DAY for age in ages) == 700
    assert sum(age < 7 * DAY for age in ages) == 100


def test_folders_hold_a_few_hundred_chunks(make_lab):
    lab = make_lab(devices=3, chunks=2000)
    folders = [folder for folder in lab.videos_dir.glob("*/*/*") if folder.is_dir()]
    assert max(len(list(folder.glob("*.h264"))) for folder in folders) <= 300


def test_old_firmware_left_md5_companions_and_the_node_a_merged_video(lab, by_kind):
    companions = list((lab.videos_dir / by_kind["old"].device_id).rglob("*.h264.md5"))
    assert companions
    assert all(path.with_suffix("").exists() for path in companions)
    assert re.match(r"[0-9a-f]{32}\s", companions[0].read_text())
    assert list((lab.videos_dir / by_kind["idle"].device_id).rglob("*_merged.mp4"))


def test_the_same_seed_gives_the_same_fleet(make_lab, tmp_path):
    first, again, other = (
        make_lab(seed=seed, started_at=1_800_000_000.0, root=tmp_path / folder)
        for seed, folder in ((1, "a"), (1, "b"), (2, "c"))
    )
    plans = [[(d.device_id, d.recordings, d.runs) for d in lab.devices] for lab in (first, again)]
    assert plans[0] == plans[1]
    assert first.devices[0].device_id != other.devices[0].device_id


def test_a_machine_id_begins_with_the_devices_number(lab):
    for number, device in enumerate(lab.devices, 1):
        assert re.fullmatch(rf"{number:03d}[0-9a-f]{{29}}", device.device_id)
        assert device.name == f"ETHOSCOPE_{number:03d}"
        assert device.address.startswith("127.60.")
