"""What docs/files.md and examples/ say, done against a server, by real curl and Python."""

import csv
import os
import re
import subprocess
import sys
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from backups.services.runs.place import path_of_copy
from devices.models import Experiment
from ethonode.env import BASE_DIR
from people.models import TokenScope
from people.tokens import make_token
from tests.served import served

SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def run(shelf, tmp_path):
    """In an empty folder, with a token that may read."""
    viewer = User.objects.create_user("viewer")
    viewer.groups.add(Group.objects.get(name="viewer"))
    end = (timezone.now() + timedelta(days=2)).date()
    _, key = make_token(viewer, name="t", scope=TokenScope.READ, ends=end)
    folder = tmp_path / "client"
    folder.mkdir()
    with served() as address:
        own = {"ETHONODE": address, "ETHONODE_TOKEN": key, "PYTHONPATH": str(BASE_DIR / "examples")}

        def run(*command, code=0):
            ended = subprocess.run(
                command,
                cwd=folder,
                env=os.environ | own,
                capture_output=True,
                text=True,
            )
            assert ended.returncode == code, ended.stdout + ended.stderr
            return ended.stdout

        run.folder = folder
        yield run


def test_the_docs_say_what_works(run, shelf):
    script = "set -e\n" + "\n".join(SHELL.findall((BASE_DIR / "docs" / "files.md").read_text()))
    assert f"{shelf.database.name}: OK" in run("bash", "-c", script)
    name = shelf.database.relative_to(shelf.root)
    assert (run.folder / name).read_bytes() == shelf.database.read_bytes()
    assert len(list((run.folder / "unpacked").rglob("*.h264"))) == 3


def write_metadata(path):
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["machine_name", "date", "time"])
        lines.writerow(["ETHOSCOPE_019", "2026-11-20", "10-00-00"])


def test_a_dozen_lines_fetch_and_check_them(run, shelf):
    write_metadata(run.folder / "meta.csv")
    [script] = PYTHON.findall((BASE_DIR / "docs" / "files.md").read_text())
    run(sys.executable, "-c", script)
    [found] = (run.folder / "here" / "results").glob("*/ETHOSCOPE_019/2026-11-20_*/*.db")
    assert found.read_bytes() == shelf.database.read_bytes()


def test_databases_of_a_metadata_csv_come_as_the_tools_expect_them(run, shelf):
    write_metadata(run.folder / "meta.csv")
    script = str(BASE_DIR / "examples" / "fetch_databases.py")
    said = run(sys.executable, script, "meta.csv", "here")
    assert f"{shelf.database.name}: checked" in said
    [found] = (run.folder / "here" / "results").glob("*/ETHOSCOPE_019/2026-11-20_*/*.db")
    assert found.read_bytes() == shelf.database.read_bytes()
    assert list(found.parent.iterdir()) == [found]  # one a folder, and nothing beside it

    part = found.with_name(found.name + ".part")
    found.rename(part)
    whole = part.read_bytes()
    part.write_bytes(b"of another content" + whole[18:])
    found.with_name(found.name + ".etag").write_text('"another"')
    run(sys.executable, script, "meta.csv", "here")
    assert found.read_bytes() == whole


def test_the_script_of_each_morning_fetches_and_warns(run, shelf, now):
    Experiment.objects.create(
        device=shelf.device,
        filename=shelf.database.name,
        started_at="2026-11-20T10:00Z",
        first_seen_at=now,
        listed_at=now,
    )
    script = str(BASE_DIR / "examples" / "nightly.py")
    said = run(sys.executable, script, "here", "2026-11-20", code=1)
    assert "ETHOSCOPE_019: unknown" in said
    assert "1 devices are not all right; 1 databases fetched" in said
    assert "0 databases fetched" in run(sys.executable, script, "here", "2026-11-19", code=1)


def test_our_own_tree_is_as_the_tools_expect_it():
    """`*/NAME/DATE_*/*.db`: each experiment in a folder of its own, under the device's name."""
    own = "0192c3d4e5f60718293a4b5c6d7e8f90"
    names = [
        f"2026-11-{day:02d}_10-00-{second:02d}_{own}.db" for day in (1, 2) for second in (0, 1)
    ]
    places = [path_of_copy(own, "ETHOSCOPE_019", name) for name in names]
    assert len({place.parent for place in places}) == len(places)
    for place, name in zip(places, names, strict=True):
        assert place.match(f"{own}/ETHOSCOPE_019/{name[:19]}/{name}")
