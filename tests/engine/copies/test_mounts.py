"""What Linux tells of mounts: which a folder's files lie on, and from where they come."""

import subprocess
import sys
from pathlib import Path

import pytest

from backups.engine.copies.mounts import MOUNTS, Mount, mounts_of, read_mounts

TOLD = r"""
25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
90 25 8:17 / /data rw,relatime - ext4 /dev/sdb1 rw
91 90 0:50 / /data/results/abc rw,nosuid - fuse.sshfs root@10.0.0.5:/ethoscope_data/results rw
92 90 0:51 /x /data/results/abc/E\0401 rw shared:4 - nfs4 nas.lab:/export/e\040one rw,vers=4.2
93 90 0:52 / /data/results rw - nfs4 nas.lab:/results rw
no line of it
94 90 - broken
"""


def test_each_line_is_a_mount():
    found = read_mounts(TOLD)
    assert [str(one.point) for one in found] == [
        "/", "/data", "/data/results/abc", "/data/results/abc/E 1", "/data/results",
    ]  # fmt: skip
    assert (found[3].kind, found[3].source) == ("nfs4", "nas.lab:/export/e one")


@pytest.mark.parametrize(
    ("folder", "points"),
    [
        ("/data/results/abc", ["/data/results/abc", "/data/results/abc/E 1"]),
        ("/data/results/abc/2026", ["/data/results/abc"]),
        ("/data/results/other", ["/data/results"]),
        ("/data/results/ab", ["/data/results"]),
        ("/data/videos", ["/data"]),
        ("/", ["/", "/data", "/data/results/abc", "/data/results/abc/E 1", "/data/results"]),
    ],
)
def test_a_folder_has_the_one_that_holds_it_and_those_below(folder, points):
    assert [str(one.point) for one in mounts_of(Path(folder), read_mounts(TOLD))] == points


def test_of_two_at_one_place_the_later_hides_the_other():
    told = TOLD + "99 25 0:60 / /data rw - tmpfs none rw\n"
    (found,) = mounts_of(Path("/data/videos"), read_mounts(told))
    assert found.kind == "tmpfs"


@pytest.mark.parametrize(
    ("source", "host"),
    [
        ("root@10.0.0.5:/ethoscope_data", "10.0.0.5"),
        ("10.0.0.5:/ethoscope_data", "10.0.0.5"),
        ("ETHOSCOPE_019.local:", "ethoscope_019.local"),
        ("pi@[fe80::1%eth0]:/x", "fe80::1%eth0"),
        ("[2001:db8::5]:/x", "2001:db8::5"),
        ("//10.0.0.5/share", "10.0.0.5"),
        ("//nas/lab/flies", "nas"),
        ("/dev/sda1", ""),
        ("tank/data", ""),
        ("overlay", ""),
        ("none", ""),
        ("", ""),
    ],
)
def test_where_its_files_are(source, host):
    assert Mount(point=Path("/x"), kind="nfs", source=source).host == host


@pytest.mark.parametrize(
    ("kind", "shared"),
    [
        ("nfs", True), ("nfs4", True), ("cifs", True), ("smb3", True), ("9p", True),
        ("fuse.sshfs", True), ("fuse.rclone", True), ("ext4", False), ("overlay", False),
        ("tmpfs", False), ("fuseblk", False), ("fuse.mergerfs", False),
    ],
)  # fmt: skip
def test_which_kinds_are_of_another_machine(kind, shared):
    assert Mount(point=Path("/x"), kind=kind, source="x").is_shared is shared


def test_linux_tells_of_what_was_mounted_just_now(tmp_path):
    """In a world of mounts of its own, under the name of a device's folder."""
    place = tmp_path / "with a space"
    place.mkdir()
    script = (
        f"import sys; sys.path.insert(0, {str(Path.cwd())!r});"
        "from pathlib import Path;"
        "from backups.engine.copies.mounts import *;"
        f"print(mounts_of(Path({str(place)!r}), read_mounts(MOUNTS.read_text()))[0])"
    )
    words = f'mount -t tmpfs root@10.0.0.5:/data "$1" && exec "{sys.executable}" -c "$2"'
    told = subprocess.check_output(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", words, "sh", place, script], text=True
    )
    there = Mount(point=place, kind="tmpfs", source="root@10.0.0.5:/data")
    assert told.strip() == str(there)
    (here,) = mounts_of(place, read_mounts(MOUNTS.read_text()))
    assert here.kind != "tmpfs" or here.source != there.source
