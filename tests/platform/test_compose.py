"""deploy/compose.yaml, as far as that is possible without a container engine: all that it names is
there, and whoever reads a secret was given it."""

import re
import shlex
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise

import pytest
import yaml
from django.core.management import get_commands

from tests.platform.units import ROOT

FILE = ROOT / "deploy" / "compose.yaml"
pytestmark = pytest.mark.skipif(not FILE.exists(), reason="no compose file is delivered")


@pytest.fixture(scope="module")
def told():
    return yaml.safe_load(FILE.read_text())


@pytest.fixture(scope="module")
def ours(told):
    return {name: one for name, one in told["services"].items() if one["image"] == "ethonode"}


def words_of(service):
    """Of all that a container of it runs, also by a shell."""
    found = [*service.get("entrypoint", []), *service["command"]]
    return [part for word in found for part in shlex.split(word.replace("&&", " ; "))]


def test_web_beat_and_worker_are_there(ours):
    assert {"prepare", "web", "beat", "worker"} <= ours.keys()


def test_each_module_and_each_command_exists(ours):
    for name, service in ours.items():
        words = words_of(service)
        for before, word in pairwise(words):
            if before == "-m":
                assert find_spec(word), (name, word)
            if before == "manage.py":
                assert word in get_commands(), (name, word)


def test_what_the_web_server_serves_exists(ours):
    words = words_of(ours["web"])
    for place in (
        words[words.index("gunicorn") + 1].replace(":", "."),
        words[words.index("--worker-class") + 1],
    ):
        module, _, name = place.rpartition(".")
        assert hasattr(import_module(module), name)


def test_each_setting_is_one_that_we_read(ours):
    source = "".join(path.read_text() for path in (ROOT / "ethonode").glob("env*.py"))
    for name, service in ours.items():
        for setting in service["environment"]:
            plain = setting.removeprefix("ETHONODE_").removesuffix("_FILE")
            assert f'"{plain}"' in source, (name, setting)


def test_whoever_reads_a_secret_was_given_it(told):
    for name, service in told["services"].items():
        given = set(service.get("secrets", []))
        assert given <= told["secrets"].keys(), name
        for setting, value in service.get("environment", {}).items():
            if found := re.match(r"/run/secrets/(\w+)", str(value)):
                assert setting.endswith("_FILE"), (name, setting)
                assert found[1] in given, (name, setting)


def test_who_is_waited_for_and_what_is_kept_are_declared(told):
    for name, service in told["services"].items():
        waited_for = service.get("depends_on", {})
        assert set(waited_for) <= told["services"].keys(), name
        volumes = [str(one).partition(":")[0] for one in service.get("volumes", [])]
        named = {one for one in volumes if re.fullmatch(r"[\w-]+", one)}
        assert named <= told["volumes"].keys(), name


def test_the_image_is_built_from_a_file_that_is_there(ours):
    for service in ours.values():
        assert (FILE.parent / service["build"]["context"] / service["build"]["dockerfile"]).exists()


def test_work_is_given_back_as_the_unit_says(ours):
    workers = [one for one in ours.values() if "worker" in words_of(one)]
    assert workers
    assert all(one["stop_signal"] == "SIGQUIT" for one in workers)
