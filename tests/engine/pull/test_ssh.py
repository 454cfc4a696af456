"""Who is talked to, with which key, and what is said when it fails."""

import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from backups.engine.pull import ensure_key
from backups.engine.pull.errors import (
    BadName,
    ConnectionLost,
    HostKeyChanged,
    HostUnreachable,
    Hung,
    KeyFailed,
    KeyRefused,
    NoisyShell,
    ProgramFailed,
    RemoteFailed,
    TooMuchOutput,
)
from backups.engine.pull.failures import rsync_failure, ssh_failure
from backups.engine.pull.processes import Leash
from backups.engine.pull.ssh import run_on
from tests.engine.pull.conftest import target_at
from tests.servers import free_port, private_sshd

LEASH = Leash(silent_seconds=60)


def test_a_command_is_words_and_never_a_shell_line(target):
    words = ["printf", "%s\\n", "a b", "$(id)", "'\"", "-n", "é"]
    assert run_on(target, words, leash=LEASH) == words[2:]


def test_paths_with_spaces_and_percents_are_paths(sshd, tmp_path):
    odd = tmp_path / "a b %h"
    odd.mkdir()
    assert run_on(target_at(sshd, odd), ["echo", "x"], leash=LEASH) == ["x"]
    assert (odd / "known_hosts").exists()


def test_a_host_key_is_remembered_at_first_contact(target, sshd):
    run_on(target, ["true"], leash=LEASH)
    assert f"[127.0.0.1]:{sshd.port} ssh-ed25519" in target.known_hosts.read_text()


def test_a_host_key_can_be_remembered_by_device(sshd, tmp_path):
    run_on(target_at(sshd, tmp_path, known_as="0192c3d4"), ["true"], leash=LEASH)
    assert (tmp_path / "known_hosts").read_text().startswith("0192c3d4 ssh-ed25519")


def test_another_host_key_is_refused_by_name(target, sshd, tmp_path):
    ensure_key(tmp_path / "keys" / "other")
    other = ensure_key(tmp_path / "keys" / "other")
    target.known_hosts.write_text(f"[127.0.0.1]:{sshd.port} {other}\n")
    with pytest.raises(HostKeyChanged):
        run_on(target, ["true"], leash=LEASH)
    assert other in target.known_hosts.read_text()


def test_another_host_key_stops_both_kinds_of_pull(target, sshd, tmp_path, copy, videos):
    other = ensure_key(tmp_path / "keys" / "other")
    target.known_hosts.write_text(f"[127.0.0.1]:{sshd.port} {other}\n")
    for pull in (copy.pull, videos.pull):
        with pytest.raises(HostKeyChanged):
            pull()


def test_a_key_that_the_device_does_not_know_is_denied(sshd, tmp_path, videos):
    ensure_key(tmp_path / "keys" / "key")
    stranger = target_at(sshd, tmp_path, key_file=tmp_path / "keys" / "key")
    with pytest.raises(KeyRefused):
        run_on(stranger, ["true"], leash=LEASH)
    with pytest.raises(KeyRefused):
        videos.pull(stranger)


def test_nobody_at_the_address_is_unreachable(sshd, tmp_path, videos):
    nowhere = target_at(sshd, tmp_path, port=free_port())
    with pytest.raises(HostUnreachable):
        run_on(nowhere, ["true"], leash=LEASH)
    with pytest.raises(HostUnreachable):
        videos.pull(nowhere)


def test_a_machine_without_ssh_says_so(target, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramFailed, match="ssh is not installed on this machine"):
        run_on(target, ["true"], leash=LEASH)


def test_a_failed_command_says_why(target):
    with pytest.raises(RemoteFailed, match="No such file"):
        run_on(target, ["cat", "/nowhere"], leash=LEASH)


def test_an_endless_answer_is_cut_off(target):
    with pytest.raises(TooMuchOutput):
        run_on(target, ["yes"], leash=LEASH)


def test_an_endless_line_is_cut_off(target):
    with pytest.raises(TooMuchOutput):
        run_on(target, ["cat", "/dev/zero"], leash=LEASH)


def test_a_silent_command_is_given_up(target):
    with pytest.raises(Hung):
        run_on(target, ["sleep", "600"], leash=Leash(silent_seconds=1))


@pytest.mark.parametrize(
    "changes",
    [
        {"host": "-oProxyCommand=id"},
        {"host": "a b"},
        {"host": ""},
        {"user": "-l"},
        {"user": "a;b"},
        {"known_as": "a b"},
    ],
)
def test_a_target_that_is_an_option_or_a_command_is_refused(sshd, tmp_path, changes):
    with pytest.raises(BadName):
        target_at(sshd, tmp_path, **changes)


def test_a_key_is_made_once_and_private(tmp_path):
    path = tmp_path / "keys" / "id_ed25519"
    public = ensure_key(path)
    assert public.startswith("ssh-ed25519 ")
    assert ensure_key(path) == public
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_two_that_start_together_get_the_same_key(tmp_path):
    with ThreadPoolExecutor(6) as pool:
        made = set(pool.map(ensure_key, [tmp_path / "keys" / "key"] * 6))
    assert len(made) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["key"]


def test_a_key_that_others_may_read_is_refused(tmp_path):
    ensure_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(KeyFailed, match="0600"):
        ensure_key(tmp_path / "key")


def test_a_key_that_is_none_is_refused(tmp_path):
    (tmp_path / "key").write_text("nothing")
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(KeyFailed):
        ensure_key(tmp_path / "key")


@pytest.mark.parametrize(
    ("code", "said", "kind"),
    [
        (12, "rsync: connection unexpectedly closed (0 bytes received so far)", ConnectionLost),
        (12, "ssh: connect to host x port 22: Connection refused", HostUnreachable),
        (255, "rsync error: unexplained error (code 255)", ConnectionLost),
        (30, "rsync error: timeout in data send/receive (code 30)", Hung),
    ],
)
def test_rsyncs_codes_have_names_and_texts(code, said, kind):
    failure = rsync_failure(code, said)
    assert type(failure) is kind
    assert said in str(failure)


SHOUT = """\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
The fingerprint for the ED25519 key sent by the remote host is
SHA256:{key}.
Host key verification failed.
"""
KEY = "a" * 43


@pytest.mark.parametrize("failure", [ssh_failure, rsync_failure])
@pytest.mark.parametrize(
    ("said", "text"),
    [
        (SHOUT.format(key=KEY), f"its host key is now SHA256:{KEY}"),
        ("Host key verification failed.", "its host key is not the one known"),
    ],
)
def test_of_another_host_key_only_what_matters_is_told(failure, said, text):
    error = failure(255, said)
    assert (type(error), str(error)) == (HostKeyChanged, text)


GREETINGS = {
    "a greeting": "echo 'Welcome to ETHOSCOPE 001';",
    "many lines": "for n in 1 2 3 4 5 6 7 8 9; do echo line $n; done;",
    "no line end": "printf hello;",
    "what looks like an answer": "echo there; echo 'seen|regular file|1|1|1|1';",
}


@pytest.fixture(params=GREETINGS.values(), ids=GREETINGS)
def noisy(request, tmp_path):
    """The account greets at each login, also where a command is to be run."""
    greets = f'ForceCommand {request.param} eval "$SSH_ORIGINAL_COMMAND"\n'
    with private_sshd(tmp_path / "sshd", more=greets) as server:
        yield target_at(server, tmp_path)


def test_a_command_is_heard_behind_a_greeting(noisy):
    assert run_on(noisy, ["echo", "x"], leash=LEASH) == ["x"]


def test_a_shell_that_greets_is_named_and_leaves_nothing_half(noisy, copy, videos):
    for pull in (copy.pull, videos.pull):
        with pytest.raises(NoisyShell, match="before every command"):
            pull(noisy)
    assert not copy.path.exists()
    assert list(videos.top.iterdir()) == []


def test_of_ssh_and_rsync_only_who_knows_the_reason_is_heard():
    said = "ssh: connect to host x port 22: Connection refused\nrsync error: unexplained error"
    assert str(rsync_failure(255, said)) == "ssh: connect to host x port 22: Connection refused"


def test_no_process_shows_more_than_the_place_of_the_key(target):
    public = subprocess.run(
        ["ssh-keygen", "-y", "-f", target.key_file], capture_output=True, check=True
    )
    assert public.stdout.split()[1].decode() not in " ".join(target.words())
