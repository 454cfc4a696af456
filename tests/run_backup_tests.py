#!/usr/bin/env python3
"""Run the tests that docs/backup-system-tests.md names: pytest on their files, nothing more.

    python run_backup_tests.py --quick
    python run_backup_tests.py --type unit|integration|performance|all --verbose

The exit code is pytest's own: 0 when all passed. At the end stands what was measured beside what
the document expects.
"""

import argparse
import os
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
PYTHON = ROOT / ".venv" / "bin" / "python"
SET_UP_FIRST = 3
FILES = {
    "unit": (
        "test_backup_helpers.py",
        "test_backup_status.py",
        "test_backup_format.py",
        "test_primary_key_backup.py",
    ),
    "integration": ("test_backup_api_integration.py", "test_backup_integration_page.py"),
    "performance": ("test_backup_cache_performance.py",),
}
QUICK = ("test_backup_helpers.py",)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run the backup system's tests.")
    parser.add_argument("--quick", action="store_true", help="the unit tests' main file only")
    parser.add_argument("--type", choices=[*FILES, "all"], default="all")
    parser.add_argument("--verbose", action="store_true", help="name every test")
    return parser.parse_args()


def chosen(asked: argparse.Namespace) -> list[str]:
    if asked.quick:
        return [str(TESTS / name) for name in QUICK]
    kinds = FILES if asked.type == "all" else [asked.type]
    return [str(TESTS / name) for kind in kinds for name in FILES[kind]]


def use_our_python() -> None:
    """Go on as the Python that `make test` set up, whichever one was called."""
    if Path(sys.prefix).resolve() == PYTHON.parents[1].resolve():
        return
    if not PYTHON.exists():
        sys.stderr.write("The tests are not set up yet: run `make test` once.\n")
        sys.exit(SET_UP_FIRST)
    os.execv(PYTHON, [str(PYTHON), __file__, *sys.argv[1:]])  # noqa: S606 - our own interpreter


def main() -> int:
    asked = arguments()
    use_our_python()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    import pytest  # noqa: PLC0415 - only our own Python has it

    from tests.suite.expectations import PerformanceTable  # noqa: PLC0415

    options = ["-v"] if asked.verbose else ["-q"]
    return int(pytest.main([*options, *chosen(asked)], plugins=[PerformanceTable()]))


if __name__ == "__main__":
    sys.exit(main())
