"""`make run` as a newcomer has it, with the simulated lab: one for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.platform.stack import Running, running


@pytest.fixture(scope="package")
def stack(tmp_path_factory, migrated) -> Iterator[Running]:
    var = migrated.copy_to(tmp_path_factory.mktemp("lab") / "var").var
    with running(var, ETHONODE_SIMULATED_LAB="yes") as started:
        yield started
