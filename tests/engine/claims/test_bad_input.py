"""One bad block costs itself, one bad field costs itself, and nothing becomes a silent zero."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backups.engine.claims import DaemonError, DaemonPayloadError, DaemonReport

ID = "0192c3d4e5f60718293a4b5c6d7e8f90"
GOOD = {"name": "ETHOSCOPE_019", "started": 1767328101, "ended": 1767328109, "processing": False}
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from([[], {}, [{}], -1, 2**63, 1e308, "\x00"]),
)
PROGRESS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("status", "message", "completion_time", "current_file"), VALUES)
)
BLOCKS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("name", "started", "ended", "processing", "count"), VALUES)
    | {"progress": PROGRESS | VALUES},
)
BY_DEVICE = st.dictionaries(st.just(ID) | st.text(max_size=4), BLOCKS | VALUES, max_size=3)
ANSWERS = BY_DEVICE | st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("current_device", "current_file", "error", "status"), VALUES)
    | {"devices": BY_DEVICE | VALUES, "processing_devices": st.lists(BLOCKS) | VALUES},
)


@pytest.mark.parametrize(
    "device_id",
    ["", "a/b", "..", "a b", "x" * 65, "a\x00", "é", "a\n", "../../etc", "x" * 10_000],
)
def test_a_device_with_an_impossible_id_is_named_and_skipped(parse, device_id):
    report = parse({"devices": {device_id: GOOD, ID: GOOD}})
    assert [claim.device_id for claim in report.claims] == [ID]
    [problem] = report.problems
    assert problem.isprintable()
    assert len(problem) < 100


@pytest.mark.parametrize("block", [None, 1, "x", [], {}, {"disk_usage": 5}, {"name": "X"}])
def test_a_block_that_tells_of_no_job_is_named_and_skipped(parse, block):
    report = parse({"bad": block, ID: GOOD})
    assert [claim.device_id for claim in report.claims] == [ID]
    assert report.problems[0].startswith("bad: ")


def test_an_answer_of_bad_blocks_only_is_an_error(parse):
    with pytest.raises(DaemonPayloadError, match="no device in it can be read"):
        parse({"devices": {"bad": 1, "worse": None}})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("started", -5),
        ("started", 1e300),
        ("started", "yesterday"),
        ("started", 4102444800),  # 2100
        ("started", True),
        ("ended", "never"),
        ("processing", "yes"),
        ("processing", 1),
        ("count", -1),
        ("count", 2**40),
        ("count", 1.5),
        ("count", 10**400),
        ("name", 5),
        ("progress", []),
    ],
)
def test_an_impossible_field_is_named_and_the_rest_kept(parse, field, value):
    report = parse({ID: GOOD | {field: value}})
    assert [claim.device_id for claim in report.claims] == [ID]
    assert report.problems[0].startswith(f"{ID}: its {field} is")


def test_a_null_is_only_something_not_told(parse):
    report = parse({ID: dict.fromkeys(GOOD, None)})
    assert report.claims[0].started_at is None
    assert report.problems == ()


def test_texts_are_one_printable_line_of_bounded_length(parse):
    nasty = "a\x00b\x1b[31m\u202e\nc" + "é" * 10_000
    progress = {"message": nasty, "status": nasty, "current_file": nasty}
    [claim] = parse({ID: GOOD | {"name": nasty, "progress": progress}}).claims
    for text, limit in (
        (claim.name, 64),
        (claim.message, 500),
        (claim.state, 32),
        (claim.current_file, 300),
    ):
        assert text.startswith("a b [31m cé")
        assert text.isprintable()
        assert len(text) == limit


def test_the_names_of_a_simplified_answer_are_cut_too(parse):
    report = parse({"current_device": "x" * 10_000, "current_file": "y" * 10_000})
    assert (len(report.current_device), len(report.current_file)) == (64, 300)


def test_sizes_of_the_whole_tree_are_nobodys(parse):
    synced = {"results": {"disk_usage_bytes": 291_000_000_000, "local_files": 812}}
    [claim] = parse({ID: GOOD | {"synced": synced}}).claims
    assert claim == parse({ID: GOOD}).claims[0]


def test_a_flood_of_problems_is_cut(parse):
    assert len(parse({f"d{n}": 1 for n in range(500)} | {ID: GOOD}).problems) == 50


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANSWERS)
def test_any_json_is_a_report_or_a_named_error(parse, answer):
    with suppress(DaemonError):
        assert isinstance(parse(answer), DaemonReport)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_a_report_or_a_named_error(parse, body):
    with suppress(DaemonError):
        parse(body)
