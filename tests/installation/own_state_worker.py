"""Steps with an installation of its own (ETHONODE_VAR_DIR), as `make run` and the clock take it.

Prints a line for each: what came of it, or the error's name and text.
"""

import sys
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402
from django_celery_beat.models import PeriodicTask  # noqa: E402

from devices.models import Device  # noqa: E402
from ethonode.run import prepare  # noqa: E402
from installation.own_state import restore, save_by_the_clock, save_state  # noqa: E402
from installation.own_state.errors import StateError  # noqa: E402
from installation.own_state.saves import save_at  # noqa: E402


def begin() -> None:
    """A database of this version with one device."""
    now = timezone.now()
    settings.SSH_KEY_FILE.parent.mkdir()
    settings.SSH_KEY_FILE.write_text("a key")
    call_command("migrate", interactive=False, verbosity=0)
    Device.objects.create(
        device_id="0" * 32, name="ETHOSCOPE_001", first_seen_at=now, told_at=now, told_by="node"
    )


def save() -> str:
    return str(save_state(now=timezone.now(), why="a test").folder)


def save_daily() -> str:
    return str(save_by_the_clock(now=timezone.now()).folder)


def bring_back(folder: str) -> str:
    return "; ".join(restore(save_at(Path(folder)), now=timezone.now()))


def upgrade() -> str:
    return prepare.migrate()


def tell() -> str:
    """What a person would miss."""
    tasks = PeriodicTask.objects.filter(task="installation.tasks.save_state").count()
    return f"{Device.objects.count()} device, {tasks} task, {settings.SECRET_KEY}"


if __name__ == "__main__":
    for word in sys.argv[1:]:
        step, _, argument = word.partition("=")
        try:
            told = globals()[step](*[argument] if argument else [])
        except (StateError, prepare.CannotStart) as error:
            told = f"{type(error).__name__}: {error}"
        sys.stdout.write(f"{told or 'done'}\n")
        sys.stdout.flush()
