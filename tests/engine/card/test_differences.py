"""What is said to have come, grown, changed and gone between two listings."""

import pytest

from backups.engine.card.differences import MOST_NAMES, differences
from tests.engine.card.test_listing import BEGIN, END, FOLDER, read


def listing(**folders):
    """Of folders with files as {name: size}, or {name: [size, modified, changed, blocks, kind]}."""
    lines = [
        FOLDER
        | {"path": path, "begin": "", "files": [[name, *row(of)] for name, of in files.items()]}
        for path, files in folders.items()
    ]
    rows = [file for line in lines for file in line["files"]]
    sizes = sum(file[1] for file in rows if len(file) < 6)
    totals = {
        "lines": len(BEGIN) + len(lines),
        "folders": len(lines),
        "files": len(rows),
        "bytes": sizes,
    }
    return read(*BEGIN, *lines, END | totals)


def row(of):
    return of if isinstance(of, list) else [of, 7, 7, 8]


def counts(before, after):
    found = differences(before, after)
    return tuple(
        (some.count, some.size_bytes)
        for some in (found.came, found.grew, found.changed, found.went)
    )


NOTHING = (0, 0)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 5}, {"a": 5}, (NOTHING, NOTHING, NOTHING, NOTHING)),
        ({"a": 5}, {"a": 5, "b": 3}, ((1, 3), NOTHING, NOTHING, NOTHING)),
        ({"a": 5}, {"a": 9}, (NOTHING, (1, 4), NOTHING, NOTHING)),
        ({"a": 5}, {"a": 2}, (NOTHING, NOTHING, (1, 2), NOTHING)),
        ({"a": 5}, {"a": [5, 8, 8, 8]}, (NOTHING, NOTHING, (1, 5), NOTHING)),
        ({"a": 5}, {"a": [5, 7, 9, 8]}, (NOTHING, NOTHING, (1, 5), NOTHING)),
        ({"a": 5}, {"a": [5, 7, 7, 16]}, (NOTHING, NOTHING, NOTHING, NOTHING)),
        ({"a": 5, "b": 1}, {"b": 1}, (NOTHING, NOTHING, NOTHING, (1, 5))),
        ({"a": 5}, {"b": 5}, ((1, 5), NOTHING, NOTHING, (1, 5))),
    ],
)
def test_each_kind_is_counted_for_itself(before, after, expected):
    assert counts(listing(videos=before), listing(videos=after)) == expected


def test_a_folder_that_went_takes_its_files_along():
    before = listing(videos={}, results={"a": 5, "b": 6})
    assert counts(before, listing(videos={})) == (NOTHING, NOTHING, NOTHING, (2, 11))


def test_what_a_link_hides_now_did_not_go():
    before = listing(**{"videos": {}, "videos/x": {"a": 5}, "videos/xy": {"b": 6}})
    after = listing(videos={"x": [1, 7, 7, 0, "l"]})
    found = differences(before, after)
    assert (found.went.count, found.went.names) == (1, ["videos/xy/b"])
    assert found.came.names == ["videos/x"]


def test_only_the_first_names_are_kept():
    many = {f"{number:05}": 1 for number in range(1000)}
    found = differences(listing(videos={}), listing(videos=many))
    assert (found.came.count, found.came.names) == (
        1000,
        [f"videos/{n:05}" for n in range(MOST_NAMES)],
    )


def test_names_in_bytes_are_names():
    assert counts(listing(videos={}), listing(videos={"\xff\xe9": 1}))[0] == (1, 1)


def test_many_links_cost_no_more_than_many_files():
    many = range(20_000)
    before = listing(**{"videos": {}, "videos/x": {f"{n:06}": 1 for n in many}})
    after = listing(videos={f"l{n:06}": [1, 7, 7, 0, "l"] for n in many})
    assert differences(before, after).went.count == len(many)
