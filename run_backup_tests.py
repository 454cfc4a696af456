#!/usr/bin/env python3
"""What docs/backup-system-tests.md calls; it is tests/run_backup_tests.py, called from here."""

import runpy
from pathlib import Path

RUNNER = Path(__file__).resolve().parent / "tests" / "run_backup_tests.py"
runpy.run_path(str(RUNNER), run_name="__main__")
