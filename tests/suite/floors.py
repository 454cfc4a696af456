"""`--floors`: coverage is measured only by the tests that its floors are about.

To measure it makes a test take half as long again. What is below the floors has tests of its own;
those of pages, of the stack and of who is told come by it, too, and show nothing more of it.
"""

from importlib import import_module

import pytest
from django.conf import settings

MEASURED = ("tests/backups/", "tests/devices/", "tests/engine/", "tests/test_backup_")
BESIDE = "tests/backups/admin/"


def pytest_addoption(parser):
    parser.addoption("--floors", action="store_true", help="measure coverage for the floors only")


def pytest_collection_finish(session):
    """What only a test beside them would import first, would count as never run."""
    if session.config.getoption("floors"):
        import_module(settings.ROOT_URLCONF)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    coverage = item.config.pluginmanager.getplugin("_cov")
    if coverage is None or not item.config.getoption("floors") or _is_measured(item.nodeid):
        return (yield)
    coverage.cov_controller.pause()
    try:
        return (yield)
    finally:
        coverage.cov_controller.resume()


def _is_measured(nodeid):
    return nodeid.startswith(MEASURED) and not nodeid.startswith(BESIDE)
