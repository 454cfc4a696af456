"""`--draw`: of a test with many cases one is tried, of the longest tests a third: by the seed.

Each run of `make test` tries others, and its seed says which; `make test-whole`, and plain pytest,
try all. Only where each case works with a database, a server or a browser: the rules of the engine,
and the API, are tried by all their cases in each run.
"""

import random
from collections import defaultdict

import pytest

TRIED = 1
SLOW = (
    "tests/backups/", "tests/engine/card/", "tests/engine/mirror/", "tests/engine/pull/",
    "tests/incidents/", "tests/installation/", "tests/lab/", "tests/platform/test_odd_requests.py",
    "tests/platform/test_stack.py",
)  # fmt: skip
WHOLE = ("tests/backups/api/",)  # whose coverage has a floor


def pytest_addoption(parser):
    parser.addoption("--draw", action="store_true", help="some cases of the tests that have many")


def pytest_configure(config):
    config.addinivalue_line("markers", "many(tried): so many of its cases, and not as of others")
    config.addinivalue_line("markers", "by_turns: one of those of which a run tries a third")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("draw"):
        return
    cases = defaultdict(list)
    for item in items:
        cases[item.nodeid.partition("[")[0]].append(item)
    by_seed = chance(config, "cases")
    long = sorted(name for name, some in cases.items() if some[0].get_closest_marker("by_turns"))
    others_turn = set(by_seed.sample(long, len(long) * 2 // 3))
    left_out = {item for name in others_turn for item in cases[name]}
    for _, some in sorted(cases.items()):
        some.sort(key=lambda item: item.nodeid)
        by_seed.shuffle(some)
        left_out.update(some[_tried(some[0], of=len(some)) :])
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=list(left_out))


def _tried(item, *, of):
    if mark := item.get_closest_marker("many"):
        return mark.kwargs["tried"]
    return TRIED if item.nodeid.startswith(SLOW) and not item.nodeid.startswith(WHOLE) else of


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
