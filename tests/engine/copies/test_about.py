"""What METADATA says of an experiment for people, whatever else it says."""

import msgspec
import pytest

from backups.engine.items import CopyState

INFO = "{'name': 'jdoe', 'location': 'Incubator_2', 'code': 'pilot', 'run_id': '9f2c'}"


@pytest.mark.parametrize(
    ("pattern", "user", "location", "code", "stopped"),
    [
        ("native_*.db", "asmith", "Incubator_1A", "lab12", "1795346604"),
        ("mirrored_*.db", "jdoe", "Incubator_2", "lab11", "1795345832"),
    ],
)
def test_what_the_real_software_wrote_is_read(
    recorded, look, pattern, user, location, code, stopped
):
    about = look(recorded(pattern)).contents.about
    assert (about.user, about.location, about.code) == (user, location, code)
    assert (about.stopped, about.frame, about.unread) == (stopped, "640x480", {})
    assert about.options["interactor"] == "DefaultStimulator"
    assert about.options["roi_builder"].startswith("FileBasedROIBuilder (template_name ")


@pytest.mark.parametrize(
    ("metadata", "user"),
    [
        ([("experimental_info", INFO)], "jdoe"),
        ([("experimental_info", INFO), ("experimental_info", None)], "jdoe"),
        ([("experimental_info", "{'name': 'older'}"), ("experimental_info", INFO)], "jdoe"),
        ([("experimental_info", "{'user': 'asmith', 'name': 'sleep'}")], "asmith"),
        (
            [
                (
                    "selected_options",
                    "OrderedDict([('experimental_info', {'kwargs': {'name': 'x'}})])",
                )
            ],
            "x",
        ),
        ([("experimental_info", "{'name': ''}")], ""),
        ([("experimental_info", "{'name': None}")], ""),
        ([], ""),
    ],
)
def test_whose_it_is(make_run, look, metadata, user):
    assert look(make_run(metadata=metadata)).contents.about.user == user


@pytest.mark.parametrize(
    "text",
    [
        "{'name': ",
        "[1]",
        "'jdoe'",
        "{'name': open('/etc/passwd')}",
        "(" * 9000,
        "{" * 60_000,
        b"\xff\xfe{",
        7,
        1.5,
    ],
)
def test_what_cannot_be_read_costs_itself(make_run, look, text):
    metadata = [("experimental_info", text), ("frame_width", 640), ("frame_height", "480")]
    found = look(make_run(metadata=metadata))
    assert (found.state, found.problem) == (CopyState.USABLE, "")
    assert found.contents.about.user == ""
    assert found.contents.about.frame == "640x480"
    assert "experimental_info" in found.contents.about.unread


def test_bytes_that_are_no_text_are_no_damage(make_run, look):
    found = look(make_run(metadata=[("experimental_info", b"{'name': 'Mu\xf1oz', 'code': 'a'}")]))
    assert (found.state, found.contents.about.user) == (
        CopyState.USABLE,
        "Mu\N{REPLACEMENT CHARACTER}oz",
    )


def test_what_is_kept_is_small(make_run, look):
    many = ", ".join(f"('part{n}', {{'class': <class 'a.{'B' * 900}'>}})" for n in range(20))
    long = "{'name': '" + "x" * 9000 + "', 'location': 'y\\n\\u202ez'}"
    metadata = [("experimental_info", long), ("selected_options", f"OrderedDict([{many}])")]
    about = look(make_run(metadata=metadata)).contents.about
    assert len(msgspec.json.encode(about)) < 8000
    assert (len(about.user), about.location) == (100, "y z")
