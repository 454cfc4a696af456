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
    assert environment.node_url == "http://127.0.0.1:1"
    assert environment.mysql_service_url == "http://127.0.0.1:2"
    assert environment.rsync_service_url == "http://127.0.0.1:3"
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
