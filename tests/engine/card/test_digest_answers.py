"""What a device may answer in place of digests: what came before it went wrong stands."""

import json
from pathlib import PurePosixPath

import pytest

from backups.engine.card import BadDigests, Rebooted, digest_files, digests
from backups.engine.card.digest_answers import DigestsAnswer
from backups.engine.card.remote import MOST_GREETING
from backups.engine.pull.errors import Hung, TooMuchOutput
from backups.engine.pull.processes import Leash
from tests.engine.pull.conftest import target_at
from tests.servers import private_sshd

A, B = "videos/a", "videos/b"
HEAD = {
    "k": "digests", "version": 2, "python": "3.9.2", "clock": 1, "boot": "one",
    "algorithm": "blake2b",
}  # fmt: skip
DIGEST = {"k": "digest", "path": A, "size": 5, "modified": 7, "changed": 8, "digest": "a" * 128}
SECOND = DIGEST | {"path": B}
AT = {"k": "at", "bytes": 5}
OVER = {"k": "over", "lines": 2}


def read(*told, boot=None):
    """What was given, and the kind of error that ended it."""
    lines = [one if isinstance(one, str) else json.dumps(one) for one in told]
    answer = DigestsAnswer([A, B], boot=boot, read_before=0, progress=lambda total: None)
    given = []
    try:
        given.extend(answer.read(lines))
    except (BadDigests, Rebooted) as error:
        return given, type(error)
    return given, None


def test_a_whole_answer_gives_digests():
    (one,), error = read("Welcome", "", HEAD, AT, DIGEST, OVER | {"lines": 3})
    assert (one.path, one.mark, one.digest, error) == (b"videos/a", (5, 7, 8), "a" * 128, None)


@pytest.mark.parametrize(
    "lines",
    [
        (), ("Welcome",) * (MOST_GREETING + 1), (DIGEST,), (HEAD, HEAD), (HEAD, "["), (HEAD, ""),
        (HEAD | {"version": 1},), (HEAD | {"algorithm": "md5"},), (HEAD | {"boot": None},),
        (HEAD, DIGEST | {"path": "videos/c"}), (HEAD, DIGEST | {"path": "../a"}),
        (HEAD, DIGEST | {"digest": "a" * 127}), (HEAD, DIGEST | {"digest": "A" * 128}),
        (HEAD, DIGEST | {"digest": "a" * 128 + "\n"}), (HEAD, DIGEST | {"digest": "a" * 64}),
        (HEAD, DIGEST | {"digest": ""}), (HEAD, DIGEST | {"digest": None}),
        (HEAD, DIGEST | {"size": -1}), (HEAD, DIGEST | {"size": 2**62}), (HEAD, '{"k":' * 9999),
        (HEAD, DIGEST | {"extra": 1}), (HEAD, {"k": "end", "lines": 1}),
    ],
)  # fmt: skip
def test_what_the_device_never_says_is_refused(lines):
    assert read(*lines) == ([], BadDigests)


@pytest.mark.parametrize("rest", [(), (DIGEST,), (OVER | {"lines": 3},), (OVER, OVER), ("{",)])
def test_what_came_whole_before_it_went_wrong_stands(rest):
    (one,), error = read(HEAD, DIGEST, *rest)
    assert (one.path, error) == (b"videos/a", BadDigests)


def test_what_it_did_not_come_to_is_not_told():
    given, error = read(HEAD, DIGEST, OVER)
    assert ([one.path for one in given], error) == ([b"videos/a"], None)


def test_a_problem_gives_neither_mark_nor_digest():
    (one,), _ = read(HEAD, DIGEST | {"problem": "Input/output error"}, OVER)
    assert (one.mark, one.digest, one.problem) == (None, "", "Input/output error")


@pytest.mark.parametrize("clock", [0, -(10**9), 2**40])
def test_a_clock_that_jumps_says_nothing(clock):
    assert read(HEAD | {"clock": clock}, DIGEST, OVER, boot="one")[1] is None


def test_a_device_that_was_started_anew_is_another_matter():
    assert read(HEAD | {"boot": "two"}, DIGEST, OVER, boot="one") == ([], Rebooted)


@pytest.fixture
def answering(tmp_path):
    """Another program answers in the place of ours."""

    def answering(script, *paths, silent_seconds=20):
        (tmp_path / "answer").write_text(script)
        more = f"ForceCommand cat >/dev/null & exec sh {tmp_path / 'answer'}\n"
        with private_sshd(tmp_path / "other", more=more) as server:
            leash = Leash(silent_seconds=silent_seconds)
            target = target_at(server, tmp_path)
            yield from digest_files(
                target, PurePosixPath("/card"), paths or (A.encode(),), leash=leash
            )

    return answering


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("exec yes", BadDigests), ("exec cat /dev/zero", TooMuchOutput), ("exec sleep 60", Hung),
        ("true", BadDigests),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_ended(answering, script, error):
    with pytest.raises(error):
        list(answering(script, silent_seconds=3))


def test_a_device_that_starts_anew_between_two_portions_is_noticed(
    answering, tmp_path, monkeypatch
):
    monkeypatch.setattr(digests, "MOST_SENT", 10)
    once, twice = (tmp_path / name for name in ("once", "twice"))
    for path, boot, file in ((once, "one", DIGEST), (twice, "two", SECOND)):
        lines = [HEAD | {"boot": boot}, file, OVER]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    script = f"cat {once} && mv {twice} {once}"
    answer = answering(script, A.encode(), B.encode())
    assert next(answer).path == b"videos/a"
    with pytest.raises(Rebooted):
        next(answer)
