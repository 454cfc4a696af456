"""Each fault of a chunk on the node is there to see, stays, and can be mended."""

import pytest

from lab.chunks import START_CODE
from lab.faults.footage import FOOTAGE_FAULTS

OF_ONE_CHUNK = [name for name in FOOTAGE_FAULTS if "chunk" in name and "chunks" not in name]


@pytest.fixture
def film(lab, by_kind):
    """The oldest recording of a device that films: its folder, and what is in it by name."""
    folder = lab.videos_dir / by_kind["video"].recordings[0].folder
    return lambda: {path.name: looked(path) for path in folder.glob("*.h264")}


def looked(path):
    told = path.lstat()
    return told.st_size, told.st_mtime, told.st_blocks, path.is_symlink()


@pytest.fixture
def strike(lab, by_kind, film):
    """Gives what the one chunk was and is that differs afterwards."""

    def strike(fault):
        before = film()
        lab.faults.switch_on(fault, device=by_kind["video"])
        after = film()
        [name] = [name for name in before if after.get(name) != before[name]]
        path = lab.videos_dir / by_kind["video"].recordings[0].folder / name
        return path, before[name], after.get(name)

    return strike


@pytest.mark.parametrize("fault", ["hole-in-recording", "deleted-recording", *OF_ONE_CHUNK])
def test_each_stays_while_the_daemons_go_on_and_is_mended(lab, by_kind, film, fault):
    before = film()
    lab.faults.switch_on(fault, device=by_kind["video"])
    damaged = film()
    lab.tick(700)
    assert film() == damaged
    lab.faults.switch_off(fault)
    assert film() == before
    folder = lab.videos_dir / by_kind["video"].recordings[0].folder
    assert all(path.read_bytes()[:5] == START_CODE for path in folder.glob("*.h264"))


def test_a_hole_is_in_the_middle(strike, film):
    path, _, after = strike("hole-in-recording")
    assert after is None
    assert min(film()) < path.name < max(film())


def test_an_empty_chunk_has_no_byte(strike):
    assert strike("empty-chunk")[2][0] == 0


def test_a_zeroed_chunk_keeps_size_and_time_and_has_no_block(strike):
    _, before, after = strike("zeroed-chunk")
    assert after == (*before[:2], 0, False)


def test_a_halved_chunk_keeps_its_time(strike):
    _, before, after = strike("halved-chunk")
    assert after[:2] == (before[0] // 2, before[1])


@pytest.mark.parametrize(("fault", "begins"), [("headless-chunk", False), ("swapped-chunk", True)])
def test_another_content_keeps_size_and_time(lab, by_kind, film, fault, begins):
    folder = lab.videos_dir / by_kind["video"].recordings[0].folder

    def contents():
        return {path.name: path.read_bytes()[:20] for path in folder.glob("*.h264")}

    before, looks = contents(), film()
    lab.faults.switch_on(fault, device=by_kind["video"])
    after = contents()
    [name] = [name for name in before if after[name] != before[name]]
    assert after[name].startswith(START_CODE) == begins
    assert {name: look[:2] for name, look in film().items()} == {
        name: look[:2] for name, look in looks.items()
    }


def test_a_partial_chunk_is_short_and_of_1970(strike):
    _, before, after = strike("partial-chunk")
    assert after[:2] == (before[0] // 5, 0)


def test_a_chunk_of_1970_is_whole(strike):
    _, before, after = strike("chunk-of-1970")
    assert after[:2] == (before[0], 0)


def test_a_linked_chunk_is_a_link(strike):
    assert strike("linked-chunk")[2][3]


def test_a_deleted_recording_has_no_folder(lab, by_kind):
    device = by_kind["video"]
    lab.faults.switch_on("deleted-recording", device=device)
    assert not (lab.videos_dir / device.recordings[0].folder).exists()
