"""Where a device is when several tell of it: by rules alone."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.places import ITSELF, OtherPlace, Sighting, Whereabouts, settle, told_twice
from devices.records import DeviceRecord, ListedDatabase

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
BEFORE = NOW - timedelta(minutes=5)
ORDER = ["a", "b", "c"]
X, Y, Z = "10.0.0.1", "10.0.0.2", "10.0.0.3"
AT_A = Whereabouts(node="a", address=X)
BOTH = Whereabouts(node="a", address=X, others=(OtherPlace("b", Y, BEFORE),))


def sighting(node, address=X, *, status="running", runs=(), name="ETHOSCOPE_001"):
    record = DeviceRecord(
        device_id="0" * 32,
        name=name,
        address=address,
        status=status,
        answering=status == "running",
        inventory=tuple(ListedDatabase(filename=r, writer="sqlite", started_at=None) for r in runs),
    )
    return Sighting(node, record)


def settled(known, *sightings, silent=(), now=NOW):
    found = settle(known, sightings, order=ORDER, silent=silent, now=now)
    believed = found.believed and (found.believed.node, found.believed.record.address)
    places = [(place.node, place.address) for place in found.whereabouts.others]
    return found.whereabouts.node, believed, places


def test_whoever_tells_first_is_believed_first_in_the_order_of_the_settings():
    assert settled(Whereabouts(), sighting("b", Y), sighting("a")) == ("a", ("a", X), [("b", Y)])


def test_told_by_both_it_stays_where_it_was_and_the_other_place_is_kept():
    there = Whereabouts(node="b", address=Y)
    assert settled(there, sighting("a"), sighting("b", Y)) == ("b", ("b", Y), [("a", X)])


def test_one_device_at_one_address_of_two_nodes_is_found_too():
    assert settled(AT_A, sighting("a"), sighting("b")) == ("a", ("a", X), [("b", X)])


def test_a_finding_is_as_old_as_its_first_sight_and_ends_when_nobody_tells_it():
    found = settle(BOTH, [sighting("a"), sighting("b", Z)], order=ORDER, silent=(), now=NOW)
    assert found.whereabouts.others == (OtherPlace("b", Z, BEFORE),)
    assert settled(BOTH, sighting("a")) == ("a", ("a", X), [])


def test_the_silence_of_the_other_node_ends_nothing():
    assert settled(BOTH, sighting("a"), silent=["b"]) == ("a", ("a", X), [("b", Y)])


def test_the_silence_of_its_own_node_moves_nothing_and_finds_nothing():
    assert settled(AT_A, sighting("b", Y), silent=["a"]) == ("a", None, [])
    assert settled(BOTH, sighting("b", Y), silent=["a"]) == ("a", None, [("b", Y)])
    assert settled(BOTH, silent=["a"]) == ("a", None, [])


def test_one_that_answers_itself_in_place_of_its_node_is_believed():
    told = sighting(ITSELF), sighting("b", Y)
    assert settled(AT_A, *told, silent=["a"]) == ("a", (ITSELF, X), [("b", Y)])


@pytest.mark.parametrize("last", [(), (sighting("a", status="offline"),)], ids=["not", "offline"])
def test_what_only_the_other_tells_of_for_a_whole_cycle_has_moved(last):
    told = *last, sighting("b", Y)
    first = settle(AT_A, told, order=ORDER, silent=(), now=NOW)
    assert (first.whereabouts.node, first.whereabouts.untold_at) == ("a", NOW)
    assert first.believed == (last[0] if last else None)
    again = settle(first.whereabouts, told, order=ORDER, silent=(), now=NOW)
    assert again.whereabouts.node == "a"  # the same moment is no cycle
    for later in (NOW + timedelta(minutes=5), NOW - timedelta(days=400)):  # by no clock
        moved = settle(first.whereabouts, told, order=ORDER, silent=(), now=later)
        assert (moved.whereabouts.node, moved.whereabouts.untold_at) == ("b", None)
        assert (moved.whereabouts.others, moved.believed) == ((), told[-1])


def test_a_node_that_forgets_for_one_cycle_loses_nothing():
    first = settle(AT_A, [sighting("b", Y)], order=ORDER, silent=(), now=BEFORE)
    back = settle(
        first.whereabouts, [sighting("a"), sighting("b", Y)], order=ORDER, silent=(), now=NOW
    )
    assert (back.whereabouts.node, back.whereabouts.untold_at) == ("a", None)
    alone = settle(first.whereabouts, [], order=ORDER, silent=(), now=NOW)
    assert (alone.whereabouts.node, alone.whereabouts.untold_at) == ("a", None)


def test_a_finding_is_over_when_it_has_moved():
    both = Whereabouts(node="a", address=X, others=BOTH.others, untold_at=BEFORE)
    assert settled(both, sighting("b", Y)) == ("b", ("b", Y), [])


def test_one_whose_node_is_set_no_more_goes_to_where_its_address_is_told():
    assert settled(Whereabouts(address=Y), sighting("a"), sighting("b", Y))[0] == "b"


def test_one_that_all_have_given_up_is_at_one_place():
    given_up = sighting("a", status="offline"), sighting("b", Y, status="offline")
    assert settled(AT_A, *given_up) == ("a", ("a", X), [])


@pytest.mark.parametrize(
    ("address", "runs", "is_found"),
    [
        (f"{X}:9000", (), False),
        ("ethoscope-1.lab", (), False),
        ("ethoscope-1.lab", ("x.db",), True),
        (Y, (), True),
    ],
)
def test_one_that_answers_at_two_addresses_is_one_where_they_may_be_one_place(
    address, runs, is_found
):
    places = settled(AT_A, sighting("a"), sighting(ITSELF, address, runs=runs))[2]
    assert places == ([(ITSELF, address)] if is_found else [])


def test_of_two_that_differ_none_is_believed_whole():
    found = settle(AT_A, [sighting("a"), sighting("b", Y, runs=["x.db"])], order=ORDER, silent=(),
                   now=NOW)  # fmt: skip
    assert f"{X} (node a) and {Y} (node b): a cloned card?" in found.doubt
    assert not found.believed.record.live
    alike = settle(AT_A, [sighting("a"), sighting("b", Y)], order=ORDER, silent=(), now=NOW)
    assert (alike.doubt, alike.believed.record.live) == ("", True)


def test_the_words_name_every_place_and_say_which_is_believed():
    words = told_twice("a", X, BOTH.others)
    assert (
        words == f"its machine id is at 2 places at once: {X} (node a), believed, and {Y} (node b)"
    )
    assert told_twice("a", X, ()) == ""


WHEREABOUTS = st.builds(
    Whereabouts,
    node=st.sampled_from(["", *ORDER]),
    address=st.sampled_from(["", X, Y]),
    others=st.lists(
        st.builds(
            OtherPlace, st.sampled_from([*ORDER, ""]), st.sampled_from([X, Y]), st.just(BEFORE)
        ),
        max_size=2,
    ).map(tuple),
    untold_at=st.sampled_from([None, BEFORE, NOW]),
)
SIGHTINGS = st.lists(
    st.builds(
        sighting,
        st.sampled_from([*ORDER, ITSELF]),
        st.sampled_from([X, Y, "name.lab"]),
        status=st.sampled_from(["running", "offline", "unreached"]),
        runs=st.sampled_from([(), ("x.db",)]),
    ),
    max_size=4,
    unique_by=lambda it: it.node or it.record.address,
)


@given(WHEREABOUTS, SIGHTINGS, st.sets(st.sampled_from(ORDER)))
def test_the_order_in_which_they_answer_changes_nothing(known, sightings, silent):
    heard = [it for it in sightings if it.node not in silent]
    found = [
        settle(known, some, order=ORDER, silent=silent, now=NOW) for some in permutations(heard)
    ]
    assert all(one == found[0] for one in found)
    whereabouts = found[0].whereabouts
    assert whereabouts.node == known.node or found[0].believed.node == whereabouts.node
    assert whereabouts.node == known.node or known.node not in silent
    assert (whereabouts.node, whereabouts.address) not in {
        (p.node, p.address) for p in whereabouts.others
    }


@given(SIGHTINGS.filter(lambda told: {it.node for it in told if it.alive} >= {"a"}))
def test_while_its_node_tells_of_it_it_is_there(sightings):
    node, believed, _ = settled(AT_A, *sightings)
    assert (node, believed[0]) == ("a", "a")
