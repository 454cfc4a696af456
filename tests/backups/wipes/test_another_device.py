"""Another device at the address: nothing of its card becomes evidence of ours."""

import pytest

from backups.models import CardListing, RunKind

pytestmark = pytest.mark.django_db

OVER_SSH = [
    RunKind.LIST_CARD, RunKind.PULL_RESULTS, RunKind.PULL_VIDEOS, RunKind.PULL_FILES, RunKind.PROVE,
]  # fmt: skip


@pytest.mark.parametrize("kind", OVER_SSH)
def test_a_cloned_card_with_its_ssh_keys_is_told_apart(world, voice, do, kind):
    before = list(CardListing.objects.values_list("began_at", flat=True))
    voice.told["/id"] = {"id": "f" * 32}
    run = do(kind)
    assert (run.state, run.failure) == ("failed", "WrongDevice")
    assert "another device answers there" in run.error
    assert list(CardListing.objects.values_list("began_at", flat=True)) == before
