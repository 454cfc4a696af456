"""What needs no hosts: the words of the units, and what is compared on disks."""

import sys

import pytest

from tests.three_hosts.client import GREEN
from tests.three_hosts.files import damage, digests, marks
from tests.three_hosts.places import PLACES, web_of, worker_of
from tests.three_hosts.seen import changed, not_green
from tests.three_hosts.story import NotHeld, Story, hold, until

ENVIRONMENT = {
    "ETHONODE_VAR_DIR": "/somewhere/var",
    "ETHONODE_BIND": "10.60.2.2",
    "ETHONODE_PORT": "8000",
}
DEVICE = "001151f80430409b2d6b64d093415c4b"


def test_a_worker_is_started_by_the_words_of_its_unit():
    words = worker_of(PLACES[0], ENVIRONMENT)
    assert words[1:4] == ["ETHONODE_STORAGE=nas1", sys.executable, "-m"]
    assert words[words.index("--hostname") + 1] == "nas1@%h"
    assert words[words.index("--statedb") + 1] == "/somewhere/var/worker-nas1.state"
    assert not [word for word in words if "/opt/" in word or "%i" in word]


def test_so_is_its_web_server_and_what_comes_before_it():
    before, server = web_of(PLACES[0], ENVIRONMENT)
    assert before[1:3] == ["manage.py", "collectstatic"]
    assert server[server.index("--bind") + 1] == "10.60.2.2:8000"


def test_a_damage_is_seen_by_the_content_alone(tmp_path):
    path = tmp_path / "videos" / DEVICE / "a" / "1.h264"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 1000)
    hidden = path.with_name(".1.h264.part")
    hidden.write_bytes(b"y")
    marks_before, digests_before = marks(tmp_path, DEVICE), digests(tmp_path, DEVICE)
    assert list(digests_before) == [f"videos/{DEVICE}/a/1.h264"]
    damage(path)
    assert marks(tmp_path, DEVICE) == marks_before
    assert digests(tmp_path, DEVICE) != digests_before


def test_a_step_that_does_not_hold_is_told_and_the_next_one_tried(capsys):
    story = Story()
    story.step("one", lambda: hold(1 > 2, "it is not") or "fine")
    story.step("two", lambda: "fine")
    assert story.failed == ["one: it is not"]
    assert capsys.readouterr().out.count("\n") == 2


def test_what_does_not_come_in_time_says_what_lacked():
    with pytest.raises(NotHeld, match="after 0 s: all of it"):
        until(lambda: "all of it", patience=0)


def test_no_answer_is_not_green():
    devices = {verdict: {"verdict": verdict, "sentence": "x"} for verdict in (*GREEN, "late")}
    assert not_green(devices) == "late is late: x"
    assert not_green({}) == "no answer"
    assert changed({"none": "late"}, devices, {"none", "gone"} - {"gone"}) == ["none: late → none"]
