"""The strip of a device and of the fleet, and the pages of an earlier moment."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from backups.engine.facts import BackupType
from backups.engine.verdict import SEVERITY
from incidents.engine.strips import TimeSpan, stretches, worst_stretches
from incidents.services import timeline
from incidents.services.timeline import device_lanes, fleet_lanes

PAGE = "/admin/incidents/incident/timeline/"
START = datetime(2026, 11, 22, tzinfo=UTC)
SPAN = TimeSpan(start=START, end=START + timedelta(hours=10))
WORDS = {verdict.value: place for verdict, place in SEVERITY.items()}
verdicts = st.sampled_from(sorted(WORDS))


@given(
    st.dictionaries(st.integers(min_value=0, max_value=600), verdicts, max_size=20),
    st.just("") | verdicts,
)
def test_the_strip_shows_at_each_moment_what_held_then(changes, before):
    in_order = [(START + timedelta(minutes=m), changes[m]) for m in sorted(changes)]
    drawn = list(stretches(in_order, before=before, span=SPAN))
    for minute in range(600):
        at = START + timedelta(minutes=minute, seconds=30)
        held = [changes[m] for m in sorted(changes) if m <= minute]
        expected = held[-1] if held else before
        assert [one.what for one in drawn if one.begins <= at < one.ends] == [expected][
            : bool(expected)
        ]


@given(
    st.lists(
        st.tuples(st.integers(min_value=0, max_value=600), st.sampled_from("ab"), verdicts),
        max_size=20,
    ),
    st.dictionaries(st.sampled_from("ab"), verdicts),
)
def test_of_two_lanes_each_part_is_as_bad_as_the_worst_in_it(changes, before):
    in_order = sorted(changes)
    told = [(START + timedelta(minutes=m), lane, new) for m, lane, new in in_order]
    drawn = list(
        worst_stretches(told, before=before, since=START, severity=WORDS, span=SPAN, parts=20)
    )
    for part in range(20):
        first, last = part * 30, part * 30 + 30
        holds = before | {lane: new for minute, lane, new in in_order if minute < first}
        seen = list(holds.values())
        for minute, lane, new in in_order:
            if first <= minute < last or (minute == last == 600):
                holds[lane] = new
                seen.append(min(holds.values(), key=WORDS.__getitem__))
        middle = START + timedelta(minutes=first + 15)
        expected = [min(seen, key=WORDS.__getitem__)] if seen else []
        assert [d.what for d in drawn if d.begins <= middle < d.ends] == expected


@pytest.fixture
def now():
    return timezone.now() - timedelta(hours=20)


@pytest.fixture
def history(fleet, channel):
    """A device that was damaged for an hour, twelve hours ago."""
    one, *_ = fleet.grow(3)
    fleet.pass_by(hours=8, step=60)
    fleet.damage(one)
    fleet.pass_by(hours=1, step=20)
    fleet.mend(one)
    fleet.pass_by(hours=10, step=60)
    return fleet, one


def lanes_of(device, now, **span):
    found = device_lanes(device, TimeSpan(start=now - timedelta(**span), end=now))
    return {lane.name: lane for lane in found}


def test_a_device_tells_when_and_why(history):
    fleet, one = history
    lanes = lanes_of(one, fleet.now, days=1)
    assert [s.what for s in lanes["SQLite"].stretches] == ["protected", "corrupt", "protected"]
    assert [s.what for s in lanes["Video"].stretches] == ["protected"]
    (problem,) = lanes["Problems"].stretches
    assert problem.ends - problem.begins >= timedelta(minutes=40)
    later = lanes_of(one, fleet.now, hours=2)
    assert [s.what for s in later["SQLite"].stretches] == ["protected"]
    assert later["Problems"].stretches == ()


def test_a_problem_that_a_clock_ahead_ended_is_still_told(history):
    fleet, one = history
    lanes = lanes_of(one, fleet.now - timedelta(hours=10), days=1)
    assert len(lanes["Problems"].stretches) == 1


def test_people_are_on_it(history, admin_user):
    fleet, one = history
    one.lifecycle = "parked"
    one._history_user = admin_user
    one._history_date = fleet.now
    one.save()
    people = lanes_of(one, fleet.now + timedelta(minutes=1), days=1)["People"].marks
    assert "admin changed it: parked" in people[-1].words


def test_the_fleet_has_a_lane_a_device(history):
    fleet, _ = history
    span = TimeSpan(start=fleet.now - timedelta(days=1), end=fleet.now)
    problems, failed, people, *lanes = fleet_lanes(span)
    assert (failed.name, people.name) == ("Backups that failed", "People")
    assert [lane.name for lane in lanes] == ["ETHOSCOPE_000", "ETHOSCOPE_001", "ETHOSCOPE_002"]
    assert "corrupt" in [one.what for one in lanes[0].stretches]
    assert len(problems.stretches) == 1


def test_its_times_are_those_of_who_looks(history, admin_client):
    _, one = history
    admin_client.cookies["tz"] = "Asia/Tokyo"
    page = admin_client.get(f"{PAGE}?days=1&device={one.pk}").content.decode()
    assert "Times are in JST." in page
    assert re.search(r"<title>[^<]* JST</title>", page)
    assert not re.search(r"<title>[^<]* UTC</title>", page)


def test_what_is_too_much_to_draw_is_said_and_the_rest_is_drawn_whole(
    history, admin_client, monkeypatch
):
    """The newest changes are drawn, from a moment on of which all is known."""
    fleet, one = history
    for _ in range(3):
        for change in (fleet.damage, fleet.mend):
            change(one)
            fleet.after(minutes=20)
    monkeypatch.setattr(timeline, "MOST_OF_ALL", 4)
    monkeypatch.setattr(timeline, "MOST", 4)
    span = TimeSpan(start=fleet.now - timedelta(days=1), end=fleet.now)
    *_, mine, others, _ = fleet_lanes(span)
    assert mine.since == others.since == fleet.now - timedelta(minutes=60)
    assert [s.what for s in others.stretches] == ["protected"]
    assert others.stretches[0].begins >= others.since - timedelta(minutes=12)
    page = admin_client.get(PAGE + "?days=1").content.decode()
    assert "not drawn: the verdicts of" in page or "not drawn: ETHOSCOPE" in page
    page = admin_client.get(f"{PAGE}?days=1&device={one.pk}").content.decode()
    assert "not drawn: MySQL, SQLite, Video" in page


@pytest.mark.parametrize("days", ["1", "7", "30", "365", "nonsense", "-1", ""])
def test_the_pages_answer(admin_client, history, days):
    _, one = history
    for query in (f"?days={days}", f"?days={days}&device={one.pk}"):
        page = admin_client.get(PAGE + query)
        assert page.status_code == 200
        assert "ETHOSCOPE_000" in page.content.decode()


@pytest.mark.parametrize("device", ["0", "x", "9" * 30, "-1", "1.5"])
def test_a_device_that_is_none_is_404(admin_client, history, device):
    assert admin_client.get(f"{PAGE}?device={device}").status_code == 404


def test_it_costs_the_same_however_much_happened_before(
    admin_client, history, django_assert_max_num_queries
):
    _, one = history
    with django_assert_max_num_queries(10 + 7 + 3):  # of the page, the menu, the session
        admin_client.get(f"{PAGE}?device={one.pk}")


def test_a_page_of_then_says_so(admin_client, history, fleet):
    _, one = history
    bad = fleet.now - timedelta(hours=10, minutes=20)
    for url in ("/admin/", f"/admin/devices/device/{one.pk}/change/"):
        page = admin_client.get(url, {"at": bad.isoformat()}).content.decode()
        assert "This is what was known and judged at" in page
        assert "verdict-corrupt" in page
        assert "This is what was known" not in admin_client.get(url).content.decode()
        assert "is not a moment" in admin_client.get(url, {"at": "x"}).content.decode()


def test_the_api_of_then(person, history, fleet):
    _, one = history
    bad = (fleet.now - timedelta(hours=10, minutes=20)).isoformat()
    viewer = person("devices.view_device")
    for at, verdict in ((bad, "corrupt"), (fleet.now.isoformat(), "protected")):
        rows = viewer.get("/api/v1/devices/", {"at": at}).json()["results"]
        assert {row["device_id"]: row["verdict"] for row in rows}[one.device_id] == verdict
        row = viewer.get(f"/api/v1/devices/{one.device_id}/", {"at": at}).json()
        assert row["backups"][BackupType.SQLITE]["verdict"] == verdict
    assert viewer.get("/api/v1/devices/", {"at": "x"}).status_code == 400
    assert viewer.get(f"/api/v1/devices/{one.device_id}/", {"at": "2099-01-01"}).status_code == 400
