"""No page costs more queries for many rows than for a few, and none is larger than 200 kB."""

from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backups.models import DaemonStatus
from benchmarks import page_rows
from benchmarks.fleet_rows import make_fleet
from devices.models import Device, DeviceGroup
from ethonode.menu import ADVANCED, MENU

KILOBYTES = 200


def make_lab(devices, now):
    """Of each device an experiment, a recording and two runs."""
    fleet = make_fleet(devices, now=now)
    page_rows.make_experiments(fleet, devices, now=now)
    page_rows.make_recordings(fleet, 1, now=now)
    page_rows.make_runs(fleet, 2 * devices, now=now)


def costs(client):
    """page -> (queries, bytes)"""
    found = {}
    for page in [page for entry in (*MENU, *ADVANCED) for page in entry.pages]:
        if page.url.startswith("/admin/"):
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(page.url, follow=True)
            found[page.view] = len(queries), len(answer.content)
    return found


@pytest.mark.timeout(600)
def test_many_rows_cost_as_many_queries_as_a_few_and_no_page_is_large(admin_client):
    cache.clear()
    now = datetime.now(UTC)
    make_lab(40, now)
    costs(admin_client)  # from now on what every page asks once is known
    few = costs(admin_client)
    Device.objects.all().delete()
    DeviceGroup.objects.all().delete()
    DaemonStatus.objects.all().delete()
    make_lab(200, now)
    many = costs(admin_client)
    # One more is asked where there is something to show: of a night its failures, if it had any.
    dear = {view: cost for view, (cost, _) in many.items() if cost > few[view][0] + 1}
    assert dear == {}
    assert {view: size for view, (_, size) in many.items() if size > 1024 * KILOBYTES} == {}
