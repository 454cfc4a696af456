"""What the real daemons answered, read over a real socket."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from backups.engine import claims
from devices.client import BadAnswer, get_json

RECORDED = datetime(2026, 11, 22, 12, tzinfo=UTC)

# File: devices told of, those with a job running, those whose last job failed (by number).
STATUSES = {
    "mysql/t1_status_after_success": ("11 12 13 14 15", "", ""),
    "mysql/t3_status_after_failed_device": ("11 12 13 14 15", "", "11"),
    "mysql/t4_status_after_recovery": ("11 12 14 15", "", ""),
    "mysql/t4_status_restarted_first_answer": ("11 12 14 15", "", ""),
    "rsync/t1_status_after_success": ("11 12 13 14 15", "", ""),
    "rsync/t1_status_cycle1_just_done": ("11 12 13 14 15", "", ""),
    "rsync/t1_status_job_running": ("11 12 13 14 15", "15", ""),
    "rsync/t3_status_15_failed_12_checkpointing": ("11 12 13 14 15", "12", "15"),
    "rsync/t3_status_15_failed_12_videos_running": ("11 12 13 14 15", "12", "15"),
    "rsync/t3_status_after_failed_device": ("11 12 13 14 15", "", "15"),
    "rsync/t4_status_15_per_file_completed_message": ("11 12 14 15", "15", ""),
    "rsync/t4_status_after_recovery": ("11 12 14 15", "", ""),
    "rsync/t4_status_restarted_first_moment": ("11 12 14 15", "11 12 14 15", ""),
    "rsync/t4_status_running_15_12": ("11 12 14 15", "12 15", ""),
    "rsync/t5_status_12_results_done_videos_starting": ("11 12 14 15", "12", ""),
    "rsync/t5_status_12_results_running": ("11 12 14 15", "12", ""),
}


@pytest.fixture
def ask(real, serving):
    def ask_for(name, *, status=200):
        with serving(real.body(name), status=status) as url:
            body = get_json(
                url, type=msgspec.Raw, timeout=timedelta(seconds=10), max_bytes=1_000_000
            )
        return claims.parse(body, daemon=name.split("/")[0], now=RECORDED)

    return ask_for


@pytest.mark.parametrize("name", STATUSES)
def test_each_recorded_state_is_understood(ask, name):
    report = ask(name)
    claims = report.claims
    assert report.problems == ()
    assert (
        " ".join(sorted(claim.name[-2:] for claim in claims)),
        " ".join(sorted(claim.name[-2:] for claim in claims if claim.processing)),
        " ".join(sorted(claim.name[-2:] for claim in claims if claim.failed)),
    ) == STATUSES[name]


@pytest.mark.parametrize("name", STATUSES)
def test_a_recorded_job_has_an_end_unless_it_runs(ask, name):
    for claim in ask(name).claims:
        assert (claim.ended_at is None) == claim.processing
        assert claim.ended_at is None or claim.ended_at >= claim.started_at


def test_no_recording_of_a_daemon_is_left_out(real):
    recorded = [
        name for service in ("mysql", "rsync") for name in real.names(f"{service}/*_status_*")
    ]
    assert set(recorded) == set(STATUSES)


def test_the_answer_for_people_is_not_taken_for_an_empty_list(real, ask):
    roots = real.names("*/t?_root_*")
    assert len(roots) == 7
    for name in roots:
        with pytest.raises(claims.DaemonPayloadError):
            ask(name)


def test_a_page_that_is_not_there_is_no_state(ask):
    with pytest.raises(BadAnswer):
        ask("mysql/t1_unknown_path_404", status=404)
    with pytest.raises(BadAnswer):
        ask("mysql/t1_unknown_path_404", status=200)


def test_the_device_in_work_is_named(ask):
    assert ask("rsync/t5_status_12_results_running").current_device == "ETHOSCOPE_012"


def test_the_state_is_the_jobs_and_not_the_devices(ask):
    [claim] = [c for c in ask("mysql/t1_status_after_success").claims if c.name.endswith("011")]
    assert claim.state == "completed"
    assert claim.ended_at == datetime.fromtimestamp(1795345703, UTC)
