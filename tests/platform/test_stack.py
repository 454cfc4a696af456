"""The real stack in its own processes: web server, worker, beat and Redis."""

import os
import signal
import socket
import stat

import pytest

from tests.platform.stack import PATIENCE, refusal, running, wait_until
from tests.servers import free_port

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with running(tmp_path_factory.mktemp("v") / "var dir") as started:
        yield started


def test_it_answers(stack):
    wait_until(lambda: stack.get("/healthz") == "ok\n")


def test_the_first_refresh_needs_no_waiting_for_the_schedule(stack):
    wait_until(lambda: '"worker": {"ok": true' in stack.get("/readyz"))


def test_it_tells_address_and_password(stack):
    text = stack.output.read_text()
    assert f"ethonode is at http://127.0.0.1:{stack.port}/" in text
    assert "Admin user admin, password " in text


def test_nobody_else_reads_its_files(stack):
    for name in ("redis", "log", "run"):
        assert stat.S_IMODE((stack.var / name).stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["redis", "worker", "beat", "web"])
@pytest.mark.by_turns
def test_a_killed_child_comes_back(stack, name):
    killed = stack.pid_of(name)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: stack.pid_of(name) != killed)
    wait_until(lambda: stack.get("/healthz"))


def test_a_second_instance_is_refused(stack):
    refused = refusal(stack.var, ETHONODE_PORT=str(free_port()))
    assert refused.returncode == 1
    assert refused.stderr == (
        f"ethonode: already running on {stack.var} (process {stack.process.pid})\n"
    )


def test_no_password_is_logged(stack):
    password = stack.output.read_text().split("password ")[1].split()[0]
    logs = b"".join(log.read_bytes() for log in (stack.var / "log").iterdir())
    assert password.encode() not in logs


@pytest.fixture(scope="module")
def used(tmp_path_factory, migrated):
    """A var in which stacks are started, and end, one after the other."""
    return migrated.copy_to(tmp_path_factory.mktemp("used")).var


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.by_turns
def test_a_stopped_stack_leaves_no_process(used, number):
    with running(used) as started:
        os.kill(started.process.pid, number)
        started.process.wait(timeout=PATIENCE)
        assert started.pids() == []


@pytest.mark.by_turns
def test_a_killed_supervisor_leaves_no_process_and_can_start_again(own_database):
    var = own_database.var
    with running(var, ETHONODE_ADMIN_PASSWORD="given") as started:
        started.process.kill()
        started.process.wait()
        wait_until(lambda: started.pids() == [])
    with running(var) as again:
        assert "password" not in again.output.read_text()


def test_a_taken_port_is_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = refusal(tmp_path, ETHONODE_PORT=str(port))
    assert refused.returncode == 1
    assert refused.stderr == (
        f"ethonode: cannot listen at http://127.0.0.1:{port}/: Address already in use"
        " (ETHONODE_BIND, ETHONODE_PORT)\n"
    )


def test_a_var_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "var").write_text("a file, not a folder")
    refused = refusal(tmp_path / "var" / "x", ETHONODE_SECRET_KEY="given")
    assert refused.returncode == 1
    assert refused.stderr == (
        f"ethonode: ETHONODE_VAR_DIR: {tmp_path}/var/x is not there, and cannot be made:"
        " Not a directory\n"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("BIND", "192.0.2.1"),
        ("DATABASE_URL", "sqlite:////dev/null/x.sqlite3"),
        ("DATABASE_URL", "postgres://u:geheim@127.0.0.1:1/x"),
        ("REDIS_URL", "http://x"),
    ],
)
def test_a_bad_setting_is_one_line(tmp_path, name, value):
    others = {"ETHONODE_PORT": str(free_port()), f"ETHONODE_{name}": value}
    refused = refusal(tmp_path, **others)
    assert refused.returncode == 1
    assert refused.stderr.startswith("ethonode: ")
    assert refused.stderr.count("\n") == 1
    assert f"ETHONODE_{name}" in refused.stderr
    assert "geheim" not in refused.stderr
