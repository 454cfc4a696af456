"""The suite leans on nothing that this machine serves: where it can, its network is its own."""

import os
import subprocess

from tests.suite.network import ENTERED, can_be_made


def test_no_way_leads_out_of_it_where_that_can_be_made():
    ways = subprocess.run(["ip", "route"], capture_output=True, text=True, check=False)
    assert (os.environ[ENTERED] == "its own") == can_be_made()
    assert ways.stdout == "" or not can_be_made()
