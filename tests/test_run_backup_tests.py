"""The runner: its options, its exit codes, its table, from any folder and with any Python."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.run_backup_tests import arguments, chosen
from tests.suite.expectations import EXPECTED, PerformanceTable, line

ROOT = Path(__file__).resolve().parents[1]
RUNNERS = [ROOT / "run_backup_tests.py", ROOT / "tests" / "run_backup_tests.py"]
WITHOUT_PYTEST_OPTIONS = {
    name: v for name, v in os.environ.items() if not name.startswith("PYTEST")
}


def run(runner, *options, cwd=ROOT, python=sys.executable, **others):
    """Run it with pytest told only to name the tests, which takes a second."""
    environment = WITHOUT_PYTEST_OPTIONS | {"PYTEST_ADDOPTS": "--collect-only", **others}
    command = [str(python), str(runner), *options]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--quick"], ["helpers"]),
        (["--type", "unit"], ["helpers", "status", "format", "primary_key"]),
        (["--type", "integration"], ["api_integration", "integration_page"]),
        (["--type", "performance"], ["cache_performance"]),
    ],
)
def test_each_option_runs_its_files(monkeypatch, options, expected):
    monkeypatch.setattr(sys, "argv", ["run_backup_tests.py", *options])
    names = [Path(name).stem for name in chosen(arguments())]
    assert [
        name.removeprefix("test_").replace("backup", "").strip("_") for name in names
    ] == expected


@pytest.mark.parametrize("options", [[], ["--type", "all", "--verbose"]])
def test_all_runs_every_file_that_the_document_names(monkeypatch, options):
    monkeypatch.setattr(sys, "argv", ["run_backup_tests.py", *options])
    tests = ROOT / "tests"
    named = {*tests.glob("test_backup_*.py"), tests / "test_primary_key_backup.py"}
    assert {Path(name) for name in chosen(arguments())} == named


@pytest.mark.parametrize("runner", RUNNERS, ids=["root", "tests"])
def test_it_runs_from_any_folder_with_any_python(runner, tmp_path):
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
    answer = run(runner, "--quick", cwd=tmp_path, python=python)
    assert answer.returncode == 0, answer.stderr
    assert "test_save_and_load_video_cache" in answer.stdout


def test_a_failure_is_told_by_the_exit_code():
    assert run(RUNNERS[0], "--quick", PYTEST_ADDOPTS="-k no_test_has_this_name").returncode == 5


def test_an_option_that_is_none_is_an_error():
    assert run(RUNNERS[0], "--type", "nonsense").returncode == 2


def test_a_clone_that_is_not_set_up_is_told_what_to_do(tmp_path):
    shutil.copy(RUNNERS[1], tmp_path)
    answer = run(tmp_path / RUNNERS[1].name, "--quick")
    assert answer.returncode == 3
    assert "make test" in answer.stderr


EXPECTED_LINE = ["Cache", "load,", "10,000", "files", "<", "5", "s", "0.25", "s"]


class Report:
    when = "call"

    def __init__(self, **properties):
        self.user_properties = list(properties.items())


class Terminal:
    def __init__(self):
        self.lines = []

    def section(self, title):
        self.lines.append(title)

    def write_line(self, text):
        self.lines.append(text)


def test_the_table_shows_what_was_measured_beside_what_is_expected():
    table, terminal = PerformanceTable(), Terminal()
    table.pytest_runtest_logreport(Report(load_10000=0.25, something_else=1))
    table.pytest_terminal_summary(terminal)
    assert terminal.lines[1].split() == EXPECTED_LINE
    assert len(terminal.lines) == 2


def test_a_figure_that_does_not_hold_is_marked():
    assert line(EXPECTED["load_10000"], 6).endswith("NOT AS EXPECTED")
    assert not line(EXPECTED["load_10000"], 4.9).endswith("NOT AS EXPECTED")


def test_without_a_figure_there_is_no_table():
    terminal = Terminal()
    PerformanceTable().pytest_terminal_summary(terminal)
    assert terminal.lines == []
