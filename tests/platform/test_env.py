import json
import os
import stat
import subprocess
import sys
from dataclasses import asdict

import pytest

from devices.addresses import is_within
from ethonode import env
from ethonode.env import LabPlaces
from ethonode.env_values import BadSetting
from tests.nodes import a_node

LAB = LabPlaces(root="/v/lab", node_port=1, mysql_port=2, rsync_port=3, device_port=4)


@pytest.fixture
def var(monkeypatch, tmp_path):
    monkeypatch.setenv("ETHONODE_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("ETHONODE_NODE_URL", "")
    return tmp_path


@pytest.fixture
def lab(var):
    file = var / env.LAB_FILE
    file.parent.mkdir()
    file.write_text(json.dumps(asdict(LAB)))
    return file


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("DEVICE_PORT", "-1"),
        ("NODE_URL", "ftp://node"),
        ("NODE_URL", "node:80"),
        ("NODE_URL", "http://[x"),
        ("REDIS_URL", "http://x"),
        ("REDIS_URL", "redis://[x"),
        ("DATABASE_URL", "foo://x/y"),
        ("DATABASE_URL", "postgres://u:p@[x/y"),
        ("STATUS_TTL", "nan"),
        ("STATUS_TTL", "-1"),
        ("SERVICE_TIMEOUT", "inf"),
        ("STATUS_NETWORKS", "10.0.0.1/8"),
        ("WALL_NETWORKS", "everybody"),
        ("DEBUG", "maybe"),
        ("SIMULATED_LAB", "maybe"),
        ("SECRET_KEY_FILE", "/does/not/exist"),
        ("SECRET_KEY_FILE", "/bin/sh"),
        ("VAR_DIR", "/etc/passwd"),
        ("SSH_USER", "-oProxyCommand=sh"),
        ("SSH_USER", "root@other"),
        ("SENDFILE", "yes"),
        ("SSH_PORT", "0"),
        ("DEVICE_DATA_ROOT", "data"),
        ("DEVICE_DATA_ROOT", "/data/-rf"),
        ("DEVICE_DATA_ROOT", "/data/$(reboot)"),
        ("BANDWIDTH_KIB", "-1"),
        ("NODE_URL", "http://user:secret@node"),
        ("MYSQL_SERVICE_URL", "http://user:secret@localhost:8090"),
        ("RSYNC_SERVICE_URL", "http://user@localhost:8093"),
        ("PUBLIC_URL", "ftp://user:secret@x"),
        ("TRUSTED_PROXIES", "nginx"),
        ("DEVICE_NETWORKS", "10.0.0.0/8,everywhere"),
        ("SECURITY_CONTACT", "javascript:x"),
        ("HSTS_SECONDS", "-1"),
    ],
)
def test_a_bad_value_is_refused_in_one_line(var, monkeypatch, name, value):
    monkeypatch.setenv(f"ETHONODE_{name}", value)
    if name == "VAR_DIR":
        monkeypatch.delenv("ETHONODE_SECRET_KEY")
    with pytest.raises(BadSetting) as refused:
        env.read()
    assert "\n" not in str(refused.value)
    assert "secret@" not in str(refused.value)


@pytest.mark.parametrize(
    "name",
    [
        "PORT", "DATABASE_URL", "REDIS_URL", "DEBUG", "STATUS_TTL", "STATUS_NETWORKS",
        "TRUSTED_PROXIES", "OLD_PAGE_BACKUPS", "SECURITY_CONTACT",
    ],
)  # fmt: skip
def test_an_empty_text_means_not_set(var, monkeypatch, name):
    usual = env.read()
    monkeypatch.setenv(f"ETHONODE_{name}", "")
    assert env.read() == usual


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_a_refused_address_does_not_show_its_password(var, monkeypatch, name):
    monkeypatch.setenv(f"ETHONODE_{name}", "foo://user:geheim@host/x")
    with pytest.raises(BadSetting) as refused:
        env.read()
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    ("node", "is_here"),
    [
        ("http://localhost:80", True),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]", True),
        ("http://node.lab", False),
        ("http://10.0.0.1", False),
        ("", False),
    ],
)
def test_devices_are_on_this_machine_only_where_the_node_is(var, monkeypatch, node, is_here):
    monkeypatch.delenv("ETHONODE_DEVICE_NETWORKS", raising=False)
    monkeypatch.setenv("ETHONODE_NODE_URL", node)
    found = env.read_alone().device_networks
    assert is_within("127.0.0.9", found) is is_here
    assert is_within("192.168.123.5", found)
    assert not is_within("169.254.169.254", found)
    assert not is_within("8.8.8.8", found)


@pytest.mark.parametrize(
    ("addresses", "allowed", "refused"),
    [
        ("127.0.0.1:9001,10.0.0.7", "127.0.0.1", "8.8.8.8"),
        ("localhost:9001", "::1", "8.8.8.8"),
        ("129.31.4.5:9000", "129.31.4.5", "129.31.4.6"),
        ("[2001:db8::5]:9000", "2001:db8::5", "127.0.0.1"),
        ("2001:db8::5", "2001:db8::5", "2001:db8::6"),
        ("[not-an-address", "10.0.0.1", "127.0.0.1"),
    ],
)
def test_a_device_that_the_settings_name_is_asked_where_it_is(
    var, monkeypatch, addresses, allowed, refused
):
    monkeypatch.delenv("ETHONODE_DEVICE_NETWORKS", raising=False)
    monkeypatch.delenv("ETHONODE_NODE_URL", raising=False)
    monkeypatch.setenv("ETHONODE_DEVICE_ADDRESSES", addresses)
    found = env.read_alone().device_networks
    assert is_within(allowed, found)
    assert not is_within(refused, found)


def test_a_secret_comes_from_its_file_without_the_new_line(var, monkeypatch):
    (var / "password").write_text("geheim\n")
    monkeypatch.setenv("ETHONODE_ADMIN_PASSWORD_FILE", str(var / "password"))
    assert env.read().admin_password == "geheim"


def test_secrets_are_not_shown_when_the_environment_is(var, monkeypatch):
    monkeypatch.setenv("ETHONODE_ADMIN_PASSWORD", "geheim")
    monkeypatch.setenv("ETHONODE_SECRET_KEY", "geheim")
    monkeypatch.setenv("ETHONODE_DATABASE_URL", "postgres://u:geheim@h/d")
    assert "geheim" not in repr(env.read())


def test_the_running_lab_is_joined(lab):
    environment = env.read()
    assert environment.simulated_lab
    assert environment.nodes == (
        a_node("http://127.0.0.1:1", mysql="http://127.0.0.1:2", rsync="http://127.0.0.1:3"),
    )
    assert environment.device_port == 4
    assert str(environment.videos_dir) == "/v/lab/videos"
    assert str(environment.results_dir) == "/v/lab/results"


def test_the_lab_hides_a_real_data_folder(lab, monkeypatch):
    monkeypatch.setenv("ETHONODE_DATA_ROOT", "/ethoscope_data")
    assert str(env.read().videos_dir) == "/v/lab/videos"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NODE_URL", "http://node"),
        ("DEVICE_ADDRESSES", "10.0.0.1"),
        ("SIMULATED_LAB", "no"),
    ],
)
def test_a_real_lab_never_mixes_with_the_simulated_one(lab, monkeypatch, name, value):
    monkeypatch.setenv(f"ETHONODE_{name}", value)
    assert not env.read().simulated_lab


def test_without_a_lab_running_nothing_is_simulated(var):
    assert not env.read().simulated_lab


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"root": 1}'])
def test_a_broken_lab_file_is_a_bad_setting(lab, text):
    lab.write_text(text)
    with pytest.raises(BadSetting):
        env.read()


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("secret", ["given", ""])
def test_a_var_that_is_not_there_is_made_for_its_owner_alone(tmp_path, monkeypatch, secret):
    var = tmp_path / "not" / "there"
    monkeypatch.setenv("ETHONODE_VAR_DIR", str(var))
    monkeypatch.setenv("ETHONODE_SECRET_KEY", secret)
    old = os.umask(0o022)
    env.read()
    os.umask(old)
    modes = {path.name: mode_of(path) for path in (var, *var.iterdir())}
    assert modes.pop("there") == 0o700
    assert set(modes.values()) == {0o600}
    assert "ethonode.sqlite3" in modes


def manage(var, *words):
    own = {"ETHONODE_VAR_DIR": str(var), "ETHONODE_SIMULATED_LAB": "no"}
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(
        command, env={**os.environ, **own}, capture_output=True, text=True, timeout=100
    )


def test_what_the_database_lacks_is_said_in_one_line(tmp_path):
    done = manage(tmp_path / "var", "changepassword", "admin")
    assert done.returncode == 1
    assert done.stderr == (
        "ethonode: the database has no tables yet: make run, or manage.py migrate\n"
    )


def test_a_var_that_cannot_be_made_is_said_in_one_line(tmp_path):
    (tmp_path / "file").touch()
    done = manage(tmp_path / "file" / "var", "setup")
    assert done.stderr == (
        f"ethonode: ETHONODE_VAR_DIR: {tmp_path}/file/var is not there, and cannot be made:"
        " Not a directory\n"
    )


def read_nodes(monkeypatch, **variables):
    for name, value in variables.items():
        monkeypatch.setenv(f"ETHONODE_{name}", value)
    return env.read_alone().nodes


def test_one_address_is_one_node_with_its_daemons_here(var, monkeypatch):
    here = {"mysql": "http://localhost:8090", "rsync": "http://localhost:8093"}
    assert read_nodes(monkeypatch, NODE_URL="http://node.lab") == (
        a_node("http://node.lab", **here),
    )
    assert read_nodes(monkeypatch, NODE_URL="http://node/?a=b")[0].url == "http://node/?a=b"
    assert read_nodes(monkeypatch, NODE_URL="") == (a_node(**here),)


@pytest.mark.parametrize("between", [",", " ", ", ", " ,\n"])
def test_each_of_several_nodes_has_its_daemons_at_its_own_host(var, monkeypatch, between):
    told = between.join(["up=http://up.lab:8000/", "down-2=https://[2001:db8::1]"])
    assert read_nodes(monkeypatch, NODE_URL=told) == (
        a_node("http://up.lab:8000", "up", mysql="http://up.lab:8090", rsync="http://up.lab:8093"),
        a_node(
            "https://[2001:db8::1]",
            "down-2",
            mysql="http://[2001:db8::1]:8090",
            rsync="http://[2001:db8::1]:8093",
        ),
    )


def test_a_daemon_may_be_elsewhere_or_be_none(var, monkeypatch):
    up, down = read_nodes(
        monkeypatch,
        NODE_URL="up=http://up,down=http://down",
        MYSQL_SERVICE_URL="down=http://third:1",
        RSYNC_SERVICE_URL="up=",
    )
    assert (up.daemons["mysql"], down.daemons["mysql"]) == ("http://up:8090", "http://third:1")
    assert (up.daemons["rsync"], down.daemons["rsync"]) == ("", "http://down:8093")
    none = read_nodes(monkeypatch, RSYNC_SERVICE_URL="", MYSQL_SERVICE_URL="")
    assert {url for node in none for url in node.daemons.values()} == {""}
    (alone,) = read_nodes(monkeypatch, NODE_URL="up=http://up", MYSQL_SERVICE_URL="http://x:1")
    assert alone.daemons == {"mysql": "http://x:1", "rsync": ""}


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"NODE_URL": "http://a,http://b"}, "has no name"),
        ({"NODE_URL": "a=http://a http://user:geheim@b"}, "has no name"),
        ({"NODE_URL": "a=http://a,a=http://b"}, "two nodes are called 'a'"),
        ({"NODE_URL": "a=http://a,b=http://a/"}, "the same address"),
        ({"NODE_URL": "a="}, "a= is followed by no address"),
        ({"NODE_URL": "=http://a"}, "'' is no name"),
        ({"NODE_URL": "A=http://a"}, "'A' is no name"),
        ({"NODE_URL": "-a=http://a"}, "'-a' is no name"),
        ({"NODE_URL": f"{'a' * 21}=http://a"}, "up to 20 of a-z"),
        ({"NODE_URL": "a=ftp://a"}, "'ftp://a' is not an http"),
        ({"NODE_URL": "a=http://x:geheim@a"}, "no name and no password"),
        ({"NODE_URL": ",".join(f"n{n}=http://n{n}" for n in range(21))}, "more than 20"),
        ({"NODE_URL": "a=http://a,b=http://b", "MYSQL_SERVICE_URL": "http://a"}, "several nodes"),
        ({"NODE_URL": "a=http://a", "RSYNC_SERVICE_URL": "c=http://c"}, "no node is called 'c'"),
        ({"NODE_URL": "http://a", "RSYNC_SERVICE_URL": "c=http://c"}, "no node is called 'c'"),
    ],
)
def test_nodes_that_cannot_be_are_refused_in_words(var, monkeypatch, variables, why):
    with pytest.raises(BadSetting) as refused:
        read_nodes(monkeypatch, **variables)
    assert why in str(refused.value)
    assert "geheim" not in str(refused.value)
    assert str(refused.value).startswith("ETHONODE_")


def test_devices_are_on_this_machine_where_any_node_is(var, monkeypatch):
    monkeypatch.delenv("ETHONODE_DEVICE_NETWORKS", raising=False)
    monkeypatch.setenv("ETHONODE_NODE_URL", "a=http://10.0.0.1,b=http://localhost")
    assert is_within("127.0.0.9", env.read_alone().device_networks)
