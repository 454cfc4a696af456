"""Which rights of an account let it read the whole database: of a grant, that may be a pattern."""

import time

import pytest

from backups.engine.mirror.catalogue import grants_all

DATABASE = "ETHOSCOPE_019_db"


def reads(pattern):
    return grants_all([(f"GRANT SELECT ON `{pattern}`.* TO `guest`@`%`",)], DATABASE)


@pytest.mark.parametrize(
    "pattern",
    ["%", "%%", "ETHO%", "%_db", "E%O%019%db", "ETHOSCOPE____\\_db", "%E%E%", "_%_", DATABASE],
)
def test_a_pattern_that_the_database_is_like(pattern):
    assert reads(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["\\%", "E", "%x%", "%db%019%", "ETHOSCOPE\\_", "_", "", "%_019_db_", "ETHOSCOPE.019.db"],
)
def test_a_pattern_of_others(pattern):
    assert not reads(pattern)


@pytest.mark.parametrize("part", ["%", "%_", "_%", "%E", "%O%E"])
def test_a_pattern_of_a_hostile_server_takes_no_time(part):
    start = time.process_time()
    reads(part * 30 + "\\%")
    assert time.process_time() - start < 1
