"""`--draw`: of a test that has very many cases, some are tried, drawn by the seed of the run.

Each run of `make test` tries others, and its seed says which; `make test-whole`, and plain pytest,
try all. For what takes long and is of one kind: pages, odd requests, answers of broken services.
"""

import random
from collections import defaultdict

import pytest


def pytest_addoption(parser):
    parser.addoption("--draw", action="store_true", help="some cases of the tests that have many")


def pytest_configure(config):
    config.addinivalue_line("markers", "many(tried): so many of its cases, where some are drawn")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("draw"):
        return
    cases = defaultdict(list)
    for item in items:
        if mark := item.get_closest_marker("many"):
            cases[item.nodeid.partition("[")[0]].append((item, mark.kwargs["tried"]))
    by_seed = chance(config, "cases")
    left_out = set()
    for _, some in sorted(cases.items()):
        some.sort(key=lambda case: case[0].nodeid)
        by_seed.shuffle(some)
        left_out.update(item for item, _ in some[some[0][1] :])
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=list(left_out))


def chance(config, of):
    """The same in each process of a run, and in each run by its seed."""
    return random.Random(f"{config.getoption('randomly_seed')} {of}")  # noqa: S311


@pytest.fixture
def draw(request):
    """Of these, so many; where nothing is drawn, all. Who runs tests twice gets others."""
    if not request.config.getoption("draw"):
        return lambda cases, _tried: list(cases)
    by_seed = chance(request.config, request.node.nodeid)

    def drawn(cases, tried):
        cases = sorted(cases)
        return by_seed.sample(cases, min(tried, len(cases)))

    return drawn
