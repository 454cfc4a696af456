"""What is known of holes in packages: what could not be asked for is not fine."""

import pytest

from tests.audit import HOLES, NOT_ALL, Audit

SOUND = {"name": "django", "version": "5.2.19", "vulns": []}
UNASKED = {"name": "kombu", "skip_reason": "Dependency not found on PyPI"}
BAD = {
    "name": "redis", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("packages", "in_ci", "asked_for_all"),
    [
        ([SOUND], 0, 0),
        ([SOUND, UNASKED], 0, NOT_ALL),
        ([UNASKED], 0, NOT_ALL),
        ([SOUND, BAD], HOLES, HOLES),
        ([UNASKED, BAD], HOLES, HOLES),
    ],
)
def test_only_a_known_hole_stops_ci_and_only_all_that_was_asked_for_is_fine(
    packages, in_ci, asked_for_all
):
    audit = Audit.of({"dependencies": packages})
    assert audit.exit_code(asks_for_all=False) == in_ci
    assert audit.exit_code(asks_for_all=True) == asked_for_all


def test_it_says_of_how_many_nobody_could_say():
    said = Audit.of({"dependencies": [SOUND, UNASKED, BAD]}).lines()
    assert said == [
        "2 of 3 packages were asked for; of 1 nobody could say: Dependency not found on PyPI",
        "redis 1.0: PYSEC-1, mended in 1.1",
    ]
