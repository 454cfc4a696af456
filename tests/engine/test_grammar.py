"""What is said of one thing is said as of one."""

import pytest

from backups.engine.grammar import agreeing, counted
from backups.engine.videos.spans import spans
from tests.engine.videos.chunks import chunk


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (2000, "2,000 rows")]
)
def test_a_number_has_its_noun(count, said):
    assert counted(count, "row") == said


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("were here and are gone", "was here and is gone"),
        ("have not come yet", "has not come yet"),
        ("hold no byte", "holds no byte"),
        ("lack between known numbers", "lacks between known numbers"),
        ("are here by name; nobody told their size", "is here by name; nobody told its size"),
        ("cannot be trusted: they are short", "cannot be trusted: they are short"),
        ("came after the last listing", "came after the last listing"),
    ],
)
def test_what_is_said_of_many_is_said_of_one(many, one):
    assert (agreeing(many, 1), agreeing(many, 2)) == (one, many)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([chunk(4)], "chunk 4 is gone"),
        ([chunk(4), chunk(4)], "chunk 4 is gone"),
        ([chunk(4), chunk(6)], "chunks 4, 6 (2) are gone"),
        ([b"a.txt"], "a.txt is gone"),
        ([b"a.txt", chunk(4)], "chunk 4 and a.txt are gone"),
    ],
)
def test_chunks_agree_with_what_is_said_of_them(names, said):
    assert spans(names, "are gone") == said
