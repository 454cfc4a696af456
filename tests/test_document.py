"""The user's document, sentence by sentence: tests/README.md answers it, with tests that exist."""

import ast
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ethonode import env
from tests.suite.expectations import EXPECTED

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
DOCUMENT = (ROOT / "docs" / "backup-system-tests.md").read_text()
README = (TESTS / "README.md").read_text()
SUITE = sorted({*TESTS.glob("test_backup_*.py"), TESTS / "test_primary_key_backup.py"})
ASKS_FOR_NOTHING = (  # introductions, and the words of commands
    "Tests individual components of the backup system:",
    "Tests complete API integration:",
    "Tests production-scale performance:",
    "For a production system with 10,000+ video files:",
    "Tests use realistic data distributions:",
    "When adding new backup functionality:",
)
COMMANDS = [
    line for line in DOCUMENT.splitlines() if line.startswith("pytest ")
]  # as they stand there


def sentences():
    """The document's lines, without headings that are only headings, comments and fences."""
    lines = [line.strip() for line in DOCUMENT.splitlines()]
    kept = [line for line in lines if line and not line.startswith(("# ", "## ", "```"))]
    return [line for line in kept if not line.startswith("###") or "`test_" in line]


def table():
    """quote -> node ids."""
    rows = re.findall(r"^\| (.+?) \| (`.+`) \|$", README.split("## Sentence by sentence")[1], re.M)
    return {quote: re.findall(r"`([^`]+)`", cells) for quote, cells in rows}


def names_in(path):
    """The tests and classes of a file, as pytest would name them."""
    found = {path.name}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(f"{path.name}::{node.name}")
        if isinstance(node, ast.ClassDef):
            inside = [each.name for each in node.body if isinstance(each, ast.FunctionDef)]
            found |= {f"{path.name}::{node.name}::{name}" for name in inside}
    return found


def test_the_document_is_the_one_that_was_given():
    assert DOCUMENT.startswith("# Backup System Tests\n")


@pytest.mark.parametrize("sentence", sentences())
def test_every_sentence_that_asks_for_something_is_in_the_table(sentence):
    answered = any(quote in sentence for quote in table())
    assert answered or any(words in sentence for words in ASKS_FOR_NOTHING)


@pytest.mark.parametrize("quote", table())
def test_every_line_of_the_table_quotes_the_document(quote):
    assert quote in DOCUMENT


def test_every_test_in_the_table_exists():
    existing = set().union(*(names_in(path) for path in TESTS.glob("test_*.py")))
    named = {node for nodes in table().values() for node in nodes}
    assert named
    assert named <= existing


def test_every_test_of_the_suite_is_in_a_class_or_file_of_the_table():
    named = {node for nodes in table().values() for node in nodes}
    assert {path.name for path in SUITE} <= {node.split("::")[0] for node in named}


def test_the_example_of_the_document_is_a_test():
    node = "test_backup_helpers.py::TestVideoCacheSystem::test_save_and_load_video_cache"
    assert node in names_in(TESTS / "test_backup_helpers.py")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.by_turns
def test_a_command_of_the_document_finds_its_tests(command, tmp_path):
    """As written, in tests/; only the package that coverage is measured of has another name."""
    words = shlex.split(command.replace("ethoscope_node.backup", "../backups"))[1:]
    files = [str(path.name) for path in sorted(TESTS.glob("test_backup_*.py"))]
    words = [name for word in words for name in (files if "*" in word else [word])]
    if "--cov-report=html" in words:
        words.append(f"--cov-report=html:{tmp_path}")
    answer = subprocess.run(
        [str(Path(sys.executable).with_name("pytest")), "--collect-only", "-q", *words],
        cwd=TESTS,
        env=os.environ | {"COVERAGE_FILE": str(tmp_path / "coverage")},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "test_save_and_load_video_cache" in answer.stdout


def test_nothing_of_ours_is_mocked():
    for path in SUITE:
        assert not re.search(r"\bmock\b|MagicMock|patch\(", path.read_text()), path.name


def test_no_test_leaves_this_machine():
    settings = (ROOT / "pyproject.toml").read_text()
    assert '"--disable-socket", "--allow-hosts=127.0.0.0/8,::1,localhost"' in settings


def test_no_file_is_written_outside_temporary_folders():
    """Folders come from pytest's `tmp_path`, or from `tempfile` where all users must read them."""
    for path in [*SUITE, *TESTS.glob("suite/*.py")]:
        text = path.read_text()
        assert not re.search(r"Path\(\"/(?!usr)|open\(\"/", text), path.name
        assert "tempfile" not in text or "shutil.rmtree" in text, path.name


def test_tests_run_in_any_order():
    development = (ROOT / "requirements-dev.in").read_text()
    assert "pytest-randomly" in development
    assert "no:randomly" not in (ROOT / "Makefile").read_text()


def test_every_test_file_is_run_by_the_runner_or_mirrors_the_source():
    beside = {"test_document.py", "test_run_backup_tests.py"}
    here = {path.name for path in TESTS.glob("test_*.py")}
    assert here - beside == {path.name for path in SUITE}


@pytest.mark.parametrize("route", ["/backup/status", "/backup", "/api/v1/devices/"])
def test_every_route_is_named_in_an_integration_test(route):
    assert route in (TESTS / "test_backup_api_integration.py").read_text()


def test_every_expectation_is_measured():
    told = (TESTS / "test_backup_cache_performance.py").read_text()
    kinds = {re.sub(r"_(\d+|mysql|rsync)$", "_", name) for name in EXPECTED}
    for name in kinds:
        assert f'"{name}' in told, name


def test_coverage_floors_are_those_of_the_document():
    makefile = (ROOT / "Makefile").read_text()
    floors = re.findall(r"--include='([^']+)' --fail-under=(\d+)", makefile)
    assert {share for _, share in floors} == {"90", "85"}
    for pattern in ("backups/engine/", "backups/api/"):
        assert any(pattern in paths for paths, _ in floors)


def test_the_limit_of_a_week_can_be_set(monkeypatch):
    monkeypatch.setenv("ETHONODE_SETTLED_AFTER", "60")
    assert env.read_alone().settled_after.total_seconds() == 60
