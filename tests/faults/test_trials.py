"""The trial itself: what it does not try is no pass, and its faults bear with each other."""

import shutil
from pathlib import Path

import pytest

from tests.faults import __main__ as trial
from tests.faults.score import Score
from tests.faults.strikes import all_kinds

from .conftest import chunk

REPEATS = [kind for kind in all_kinds().values() if kind.family == "repeats"]
TAKEN = {
    "deleted": Path.unlink,
    "renamed": lambda path: path.rename(path.with_suffix(".old")),
    "emptied": lambda path: path.write_bytes(b""),
    "garbage": lambda path: path.write_bytes(b"garbage" * 999),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a link to nowhere": lambda path: (path.unlink(), path.symlink_to("/nowhere")),
    "its folder gone": lambda path: shutil.rmtree(path.parent),
}


def given(*words):
    return trial.argument_parser().parse_args(words)


def test_a_kind_that_nobody_knows_is_an_error(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        trial.tried(given("--kind", "chunk delete"), "s", tmp_path)
    assert ended.value.code == 2
    assert "chunk delete" in capsys.readouterr().err


@pytest.mark.parametrize("done", [0, 2])
def test_a_trial_that_was_interrupted_is_no_pass(tmp_path, monkeypatch, capsys, done):
    def live(_given, _seed, _folder, _numbers, score):
        score.devices = done
        raise KeyboardInterrupt

    monkeypatch.setattr(trial, "live", live)
    assert trial.tried(given("--devices", "3"), "s", tmp_path)
    assert f"interrupted: {3 - done} devices" in capsys.readouterr().out


def test_a_trial_in_which_no_fault_struck_is_no_pass():
    score = Score(devices=3)
    assert trial.not_tried(given("--kind", "chunk deleted"), score, 3)
    assert not trial.not_tried(given("--kind", "chunk deleted", "--healthy"), score, 3)
    score.faults["chunk deleted"] += 1
    assert not trial.not_tried(given("--kind", "chunk deleted"), score, 3)


@pytest.mark.parametrize("kind", REPEATS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("taken", TAKEN)
def test_what_strikes_at_each_look_bears_that_another_fault_took_its_file(case, kind, taken):
    of_chunk = "chunk" in kind.name
    target = chunk(case, 1) if of_chunk else case.device.experiments[0]
    path = target.path if of_chunk else case.here(target)
    kind.act(case, target, case.rng())
    TAKEN[taken](path)
    there = path.exists()
    for again in case.switches.before_look:
        again()
    assert path.exists() == there


@pytest.mark.parametrize(("types", "left"), [((), ""), (("video",), "mysql sqlite")])
def test_who_is_stopped_saves_nothing_of_that_type_by_any_way(case, types, left):
    care = case.care
    care.mirrors = care.pulls_results = care.pulls_videos = frozenset({1})
    care.stop(*types)
    ours = {"mysql": care.mirrors, "sqlite": care.pulls_results, "video": care.pulls_videos}
    assert care.daemons == {one for one, looks in ours.items() if looks} == set(left.split())
