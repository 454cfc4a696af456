"""Each form that a daemon's answer was ever seen to have."""

from datetime import UTC, datetime

import pytest

from backups.engine.claims import DaemonPayloadError, DaemonRefused

ID = "0192c3d4e5f60718293a4b5c6d7e8f90"
OTHER = "007aabbccddeeff00112233445566778"


def job(**others):
    return {"name": "ETHOSCOPE_019", "started": 1767328101, "ended": 0, "processing": True} | others


def test_a_simplified_answer_names_the_device_and_the_file(parse):
    report = parse({"current_device": "ETHOSCOPE_019", "current_file": "x.h264"})
    assert (report.current_device, report.current_file) == ("ETHOSCOPE_019", "x.h264")
    assert report.claims == ()


def test_a_simplified_answer_may_say_that_nothing_is_in_work(parse):
    report = parse({"current_device": None, "current_file": None})
    assert (report.current_device, report.current_file) == ("", "")


def test_of_an_array_the_first_device_counts(parse):
    listed = [{"device_name": "A", "current_file": "x.h264"}, {"device_name": "B"}]
    report = parse({"processing_devices": listed})
    assert (report.current_device, report.current_file) == ("A", "x.h264")


def test_an_empty_array_names_nobody(parse):
    assert parse({"processing_devices": []}).current_device == ""


@pytest.mark.parametrize("wrap", [lambda blocks: blocks, lambda blocks: {"devices": blocks}])
def test_flat_and_nested_blocks_read_alike(parse, wrap):
    report = parse(wrap({OTHER: job(ended=1767328109, processing=False), ID: job()}))
    assert [claim.device_id for claim in report.claims] == [OTHER, ID]
    assert report.current_device == "ETHOSCOPE_019"


@pytest.mark.parametrize("field", ["current_file", "backup_filename"])
def test_the_file_in_work_is_told_by_its_progress(parse, field):
    assert parse({ID: job(progress={field: "a.db"})}).current_file == "a.db"


def test_a_device_without_a_name_is_named_by_its_id(parse):
    assert parse({ID: job(name="")}).current_device == ID


def test_before_its_first_job_a_daemon_has_no_claims(parse):
    assert parse({}).claims == ()
    assert parse({"devices": {}}).claims == ()


def test_a_crashed_job_has_failed_and_tells_no_end(parse):
    [claim] = parse({ID: job(ended=-1, processing=False)}).claims
    assert claim.failed
    assert claim.ended_at is None


def test_a_failed_job_keeps_its_words(parse):
    progress = {"status": "error", "message": "Backup failed", "completion_time": 1767328109}
    [claim] = parse({ID: job(ended=1767328109, processing=False, progress=progress)}).claims
    assert claim.failed
    assert claim.message == "Backup failed"
    assert claim.ended_at == datetime.fromtimestamp(1767328109, UTC)


def test_an_error_on_the_way_is_not_the_end(parse):
    [claim] = parse({ID: job(progress={"status": "error"})}).claims
    assert not claim.failed


def test_a_running_job_has_no_end_though_the_last_one_had(parse):
    [claim] = parse({ID: job(progress={"completion_time": 1767328109})}).claims
    assert claim.ended_at is None


def test_the_end_is_told_without_a_completion_time_too(parse):
    [claim] = parse({ID: job(ended=1767328109, processing=False)}).claims
    assert claim.ended_at == datetime.fromtimestamp(1767328109, UTC)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("Backup wrapper not initialized", "Backup wrapper not initialized"),
        ("Traceback:\n  File x\nKeyError: 'a'\n", "KeyError: 'a'"),
        (None, "an error without words"),
        ("", "an error without words"),
        ([1], "an error without words"),
    ],
)
def test_an_error_report_is_a_refusal(parse, error, text):
    with pytest.raises(DaemonRefused, match=f"^{text}$"):
        parse({"error": error, ID: job()})


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"1", b'"x"', b"null", b"<html>", b'{"a"', b"[" * 9999]
)
def test_what_is_no_object_is_no_state(parse, body):
    with pytest.raises(DaemonPayloadError):
        parse(body)


@pytest.mark.parametrize(
    "answer",
    [
        {"devices": None},
        {"devices": [job()]},
        {"devices": "none"},
        {"processing_devices": "x"},
        {"processing_devices": [1]},
        {"current_device": 5},
    ],
)
def test_a_known_key_over_the_wrong_thing_is_no_state(parse, answer):
    with pytest.raises(DaemonPayloadError):
        parse(answer)


def test_more_devices_than_any_lab_has_are_refused(parse):
    with pytest.raises(DaemonPayloadError, match="5001 devices"):
        parse({f"d{number}": {"started": 1} for number in range(5001)})
