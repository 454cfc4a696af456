"""A network of the tests' own, where root runs them: a loopback, and nothing else.

Nothing that this machine serves can be leaned on there, nobody else has a port of it, and it
acknowledges at once. The usual loopback lets each login by ssh wait three times for 40 ms, for
both its sides hold small packets back until the last one is acknowledged.
"""

import ctypes
import os
import subprocess

ENTERED = "ETHONODE_TESTS_NETWORK"
CLONE_NEWNET = 0x40000000
UP = """
ip link set lo up
for addresses in 127.0.0.0/8 127.0.0.1; do
  ip route change table local local $addresses dev lo proto kernel scope host src 127.0.0.1 quickack 1
done
"""  # noqa: E501


def pytest_configure():
    if ENTERED not in os.environ:  # workers, and pytests of tests, begin inside
        os.environ[ENTERED] = "its own" if _enter() else "this machine's"


def pytest_report_header():
    return f"network: {os.environ[ENTERED]}"


def can_be_made():
    """Tried apart first: one without a loopback could not be left again."""
    try:
        tried = subprocess.run(
            ["unshare", "--net", "sh", "-ec", UP], capture_output=True, check=False
        )
    except FileNotFoundError:
        return False
    return tried.returncode == 0


def _enter():
    if not can_be_made():
        return False
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "no network of its own, though one could be made")
    subprocess.run(["sh", "-ec", UP], check=True)
    return True
