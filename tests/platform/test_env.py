import json
from dataclasses import asdict

import pytest

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
        ("DEBUG", "maybe"),
        ("SIMULATED_LAB", "maybe"),
        ("SECRET_KEY_FILE", "/does/not/exist"),
        ("SECRET_KEY_FILE", "/bin/sh"),
        ("VAR_DIR", "/etc/passwd"),
        ("SSH_USER", "-oProxyCommand=sh"),
        ("SSH_USER", "root@other"),
        ("SSH_PORT", "0"),
        ("DEVICE_DATA_ROOT", "data"),
        ("DEVICE_DATA_ROOT", "/data/-rf"),
        ("DEVICE_DATA_ROOT", "/data/$(reboot)"),
        ("BANDWIDTH_KIB", "-1"),
    ],
)
def test_a_bad_value_is_refused_in_one_line(var, monkeypatch, name, value):
    monkeypatch.setenv(f"ETHONODE_{name}", value)
    if name == "VAR_DIR":
        monkeypatch.delenv("ETHONODE_SECRET_KEY")
    with pytest.raises(BadSetting) as refused:
        env.read()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["PORT", "DATABASE_URL", "REDIS_URL", "DEBUG", "STATUS_TTL"])
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
