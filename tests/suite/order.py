"""What takes longest begins first: a file is done by one process, and the others would wait.

And what was imported stays: to look through it for garbage took a tenth of the time of all tests.
"""

import gc

import pytest

LONGEST = (  # by what they took on two cores
    "backups/admin/test_accessibility.py", "platform/test_odd_requests.py", "faults/",
    "backups/wipes/test_never_yes.py", "engine/mirror/test_whole.py", "incidents/test_watch.py",
    "backups/admin/test_who_may.py", "backups/runs/test_prove_run.py", "platform/with_lab/",
    "engine/pull/test_videos.py", "backups/test_whole_path.py", "backups/wipes/test_disk_errors.py",
    "platform/test_stack.py", "engine/mirror/test_odd_tables.py", "engine/pull/test_database.py",
    "backups/runs/test_lab_runs.py", "incidents/test_timeline.py", "installation/test_own_state.py",
    "installation/test_move.py", "incidents/test_killed.py",
)  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: _place(item.nodeid.removeprefix("tests/")))


def pytest_collection_finish():
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _place(name):
    return next((n for n, start in enumerate(LONGEST) if name.startswith(start)), len(LONGEST))
