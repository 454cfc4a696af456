"""The suite leans on nothing that this machine serves: where it can, its network is its own."""

import os
from pathlib import Path

from tests.suite.network import ENTERED, can_be_made


def test_no_way_leads_out_of_it_where_that_can_be_made():
    _, *ways = Path("/proc/self/net/route").read_text().splitlines()
    assert (os.environ[ENTERED] == "its own") == can_be_made()
    assert ways == [] or not can_be_made()
