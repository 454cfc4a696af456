"""The short form of `make faults`: a few devices of two worlds, always the same."""

import time

import pytest

from tests.faults import asking, report
from tests.faults.fleet import World, try_devices
from tests.faults.kinds import KINDS
from tests.faults.mariadb import world_mariadb
from tests.faults.score import REASONS, Score
from tests.faults.server import world_server
from tests.faults.strikes import all_kinds

pytestmark = pytest.mark.timeout(600)  # half a minute, on a machine that does nothing else

SEED = "short"
DEVICES = range(1, 6)
HEALTHY = range(1, 4)


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory):
    with world_server() as server, world_mariadb(tmp_path_factory.mktemp("mariadb")) as mariadb:
        yield {"server": server, "mariadb": mariadb}


@pytest.fixture
def lived(surroundings, db, tmp_path):
    """Let these devices live, and give the score."""

    def lived(devices, *, with_faults, live=World.live):
        all_kinds()
        score = Score()
        start = time.time() // 3600 * 3600
        try_devices(
            devices,
            seed=SEED,
            root=tmp_path / "world",
            start=start,
            score=score,
            with_faults=with_faults,
            live=live,
            **surroundings,
        )
        return score

    return lived


def told(score):
    return "\n".join(map(report.described, report.first_of_each(score.findings)))


def test_no_fault_of_a_small_world_is_shown_green(lived):
    score = lived(DEVICES, with_faults=True)
    assert score.faults.total() >= len(DEVICES)
    assert 0 < score.over_a_lack <= score.asked
    assert not score.findings, told(score)
    assert {why for some in score.not_yet for why in some.split(" and ")} <= REASONS
    assert 10 * score.not_yet.total() <= score.over_a_loss


@pytest.mark.by_turns
def test_a_healthy_small_world_raises_no_alarm_in_three_days(lived):
    score = lived(HEALTHY, with_faults=False)
    assert score.healthy > 12 * len(HEALTHY)
    assert 0 < score.must_be_yes <= score.yes
    assert not score.findings, told(score)


@pytest.mark.by_turns
def test_a_card_may_be_asked_for_over_and_over(lived, monkeypatch):
    """What `WIPES=1` does: yes, a fault, no; what it names is pressed, and so on."""
    monkeypatch.setattr(asking, "TURNS", 2)
    score = lived(DEVICES[:1], with_faults=True, live=asking.ask_only)
    assert (score.must_be_yes, score.over_a_lack > 0, score.yes > 0) == (1, True, True)
    assert not score.findings, told(score)


def test_there_are_more_than_a_hundred_kinds_of_faults():
    assert len(all_kinds()) == len(KINDS) > 100
