from configparser import ConfigParser
from dataclasses import replace
from pathlib import Path

import pytest

from ethonode import env
from ethonode.env import LabPlaces
from ethonode.env_values import BadSetting
from ethonode.run.config import Stack, address, programs, supervisor_ini

LAB = LabPlaces(root="/v/lab", node_port=1, mysql_port=2, rsync_port=3, device_port=4)


@pytest.fixture
def stack(monkeypatch, tmp_path):
    monkeypatch.setenv("ETHONODE_VAR_DIR", str(tmp_path))
    environment = env.read_alone()
    return Stack(environment=environment, python="/py", redis_server="/redis", lab=LAB)


def names(stack):
    return [program.name for program in programs(stack)]


def parsed(stack):
    ini = ConfigParser(interpolation=None)
    ini.read_string(supervisor_ini(stack))
    return ini


def with_environment(stack, **values):
    return replace(stack, environment=replace(stack.environment, **values))


def test_all_of_the_stack_runs(stack):
    assert names(stack) == ["redis", "lab", "worker", "beat", "web", "welcome"]


def test_a_given_redis_is_not_started_again(stack):
    assert "redis" not in names(replace(stack, redis_server=None))


def test_without_a_lab_none_is_started(stack):
    assert "lab" not in names(replace(stack, lab=None))


def test_redis_starts_first_and_stops_last(stack):
    found = sorted(programs(stack), key=lambda program: program.priority)
    assert found[0].name == "redis"


def test_redis_listens_on_no_port(stack):
    assert "--port 0 " in parsed(stack)["program:redis"]["command"]


def test_the_worst_stop_stays_short(stack):
    assert sum(program.stop_seconds for program in programs(stack)) <= 35


@pytest.mark.parametrize("name", ["redis", "lab", "worker", "beat", "web"])
def test_a_child_that_ends_is_started_again(stack, name):
    assert parsed(stack)[f"program:{name}"]["autorestart"] == "true"


def test_the_welcome_is_said_once(stack):
    assert parsed(stack)["program:welcome"]["autorestart"] == "false"


@pytest.mark.parametrize("name", ["redis", "lab", "worker", "beat", "web"])
def test_every_log_is_capped(stack, name):
    program = parsed(stack)[f"program:{name}"]
    assert program["stdout_logfile_maxbytes"] == "5MB"
    assert int(program["stdout_logfile_backups"]) > 0


def test_no_secret_is_written(stack):
    secret = with_environment(
        stack, secret_key="k3y", admin_password="g3heim", redis_url="redis://:r3d@x/0"
    )
    text = supervisor_ini(secret)
    assert not any(word in text for word in ("k3y", "g3heim", "r3d"))


def test_a_path_with_a_space_stays_one_word(stack):
    ini = parsed(with_environment(stack, var_dir=Path("/a b")))
    assert "--dir '/a b/redis'" in ini["program:redis"]["command"]


def test_per_cent_is_doubled_for_the_supervisor(stack):
    ini = parsed(with_environment(stack, var_dir=Path("/a%b")))
    assert ini["supervisord"]["logfile"] == "/a%%b/log/supervisor.log"


@pytest.mark.parametrize("path", ["/a;b", "/a #b", "/a\n[program:evil]"])
def test_a_path_that_would_change_the_file_is_refused(stack, path):
    with pytest.raises(BadSetting, match="a path here cannot hold"):
        supervisor_ini(with_environment(stack, var_dir=Path(path)))


@pytest.mark.parametrize(
    ("bind", "shown"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/"),
        ("0.0.0.0", "http://localhost:8000/"),  # noqa: S104  shown, not bound
        ("::", "http://localhost:8000/"),
        ("::1", "http://[::1]:8000/"),
    ],
)
def test_the_address_can_be_typed(stack, bind, shown):
    assert address(replace(stack.environment, bind=bind, port=8000)) == shown


def test_the_lab_opens_devices_for_the_key_of_this_start(stack):
    places = replace(LAB, ssh_port=5, database_port=6)
    command = parsed(replace(stack, lab=places))["program:lab"]["command"]
    assert "--open 9 " in command
    assert "--ssh-port 5 --database-port 6 " in command
    assert f"--authorized-key {stack.environment.var_dir}/ssh/key.pub " in command
