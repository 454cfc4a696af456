"""`--floors`: coverage is measured only by the tests of the API and of the user's document.

To measure it makes a test take half as long again: `make test` measures what the floor of the API
is about, and `make floors`, apart, what that of the engine and the services is about.
"""

from importlib import import_module

import pytest
from django.conf import settings

MEASURED = ("tests/backups/api/", "tests/test_backup_")


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
    return nodeid.startswith(MEASURED)
