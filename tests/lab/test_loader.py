"""What people load their data with can read every database that the lab makes."""

import shutil

import pytest

from tests.loader import frame, load_metadata


@pytest.fixture
def databases(lab):
    """Those on the devices, native and mirrored, and their copies on the node."""
    lab.tick(700)
    files = (lab.results_dir.parent / "devices" / "results").rglob("*.db")
    return [*files, *lab.results_dir.rglob("*.db")]


@pytest.mark.parametrize("recording", ["native*.db", "mirrored*.db"])
def test_what_real_firmware_wrote_can_be_loaded(real, tmp_path, recording):
    told = load_metadata(shutil.copy(real.file(recording), tmp_path / "copy.db"))
    assert told["class"] == "ethoscope.stimulators.stimulators.DefaultStimulator"


def test_every_database_of_a_lab_can_be_loaded(databases, by_kind):
    loaded = {path: load_metadata(path) for path in databases}
    assert {told["machine_id"] for told in loaded.values()} == {
        by_kind[kind].device_id for kind in ("sqlite", "mysql", "old", "idle")
    }
    for path, told in loaded.items():
        assert told["machine_id"] in path.name
        assert told["date_time"].strftime("%Y-%m-%d_%H-%M-%S") == path.parts[-2]


def test_the_same_fields_as_of_real_firmware(real, databases, tmp_path):
    theirs = load_metadata(shutil.copy(real.file("native*.db"), tmp_path / "copy.db"))
    assert {frozenset(load_metadata(path)) for path in databases} == {frozenset(theirs)}


def test_the_real_loader_reads_them_where_it_is_installed(databases):
    ethoscopy = pytest.importorskip("ethoscopy.load")
    loaded = ethoscopy.load_ethoscope_metadata(frame(databases))
    assert set(loaded.index) == {path.parts[-4] for path in databases}
