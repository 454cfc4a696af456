"""Yes, for a whole device, over real ssh and real files."""

import shutil

import pytest

from backups.models import RunKind, WipeCertificate
from backups.services.wipes import reasons_of
from tests.backups.wipes.conftest import World
from tests.servers import free_port

pytestmark = pytest.mark.django_db


def test_a_device_of_which_everything_is_equal_here_may_be_wiped(world, may_wipe):
    asked = may_wipe()
    assert reasons_of(asked) == ()
    assert (asked.answer, asked.item_count, asked.run.state) == ("yes", 5, "succeeded")


@pytest.mark.by_turns
def test_the_runs_of_a_lab_lead_to_yes(card, voice, device, settings, do, may_wipe):
    """Nothing is stored by hand: what is brought, proven and read again makes it one."""
    device.address = f"127.0.0.1:{voice.port}"
    device.save()
    settings.MYSQL_PORT = free_port()
    settings.CERTIFICATE_KEY_FILE = card.with_name("certificates") / "key"
    world = World(card, voice, device, settings)
    world.fill()
    for path in (settings.RESULTS_DIR, settings.VIDEOS_DIR, settings.CARDS_DIR):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
    answers = [may_wipe().answer]
    for kind in (RunKind.PULL_RESULTS, RunKind.PULL_VIDEOS, RunKind.PULL_FILES, RunKind.PROVE,
                 RunKind.VERIFY):  # fmt: skip
        done = do(kind)
        assert (done.state, done.error) == ("succeeded", "")
        answers.append(may_wipe().answer)
    assert reasons_of(may_wipe()) == ()
    assert answers[:3] == ["no"] * 3
    assert answers[-1] == "yes"
    assert WipeCertificate.objects.first().stands
