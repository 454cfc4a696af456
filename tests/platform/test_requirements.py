"""What is installed is what was locked, file by file: a package that was changed is refused.

Whether one of them has a known hole is asked by `make audit`, where its service can be reached.
"""

import re
from importlib.metadata import version

import pytest
from packaging.markers import Marker
from packaging.utils import canonicalize_name

from ethonode.env import BASE_DIR

LOCKED = re.compile(
    r"^([a-z0-9._-]+(?:\[[a-z,-]+\])?)==([^ ]+)( ; [^\\]+)? \\\n((?:    --hash=.*\n)+)",
    re.MULTILINE,
)


def locks(name):
    text = (BASE_DIR / name).read_text()
    found = {
        canonicalize_name(one[0].partition("[")[0]): (one[1], one[2])
        for one in LOCKED.findall(text if text.endswith("\n") else f"{text}\n")
    }
    assert len(found) == len(re.findall(r"^[a-z]", text, re.MULTILINE))  # none without a hash
    return found


RUNTIME, DEVELOPMENT = locks("requirements.txt"), locks("requirements-dev.txt")


def wanted(name):
    lines = (BASE_DIR / name).read_text().splitlines()
    words = [re.match(r"[A-Za-z0-9._-]+", line) for line in lines if line[:1].isalpha()]
    return {canonicalize_name(word[0]) for word in words}


def test_what_is_asked_for_is_locked():
    assert wanted("requirements.in") <= RUNTIME.keys()
    assert wanted("requirements-dev.in") <= DEVELOPMENT.keys()


def test_tests_run_with_what_runs():
    assert {name: DEVELOPMENT.get(name) for name in RUNTIME} == RUNTIME


@pytest.mark.parametrize("name", sorted(RUNTIME))
def test_it_is_what_is_installed(name):
    locked, condition = RUNTIME[name]
    if condition and not Marker(condition.removeprefix(" ; ")).evaluate():
        pytest.skip("not of this machine")
    assert version(name) == locked
