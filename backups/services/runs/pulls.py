"""What both pulls have in common: how their errors end a run."""

from collections.abc import Iterator
from contextlib import contextmanager

from backups.engine.pull.errors import (
    AccessDenied,
    BadName,
    Cancelled,
    HostKeyChanged,
    KeyFailed,
    ProgramFailed,
    PullError,
)
from backups.services.runs.jobs import RunFailed, RunStopped
from backups.services.runs.place import UnsafePlace

# To try again soon helps nobody: a person has to do something first.
FOR_PEOPLE = (AccessDenied, BadName, HostKeyChanged, KeyFailed, ProgramFailed)


@contextmanager
def own_errors() -> Iterator[None]:
    """The errors of a pull, as those of a run."""
    try:
        yield
    except Cancelled as error:
        raise RunStopped(str(error)) from error
    except UnsafePlace as error:
        raise RunFailed(str(error), retry=False) from error
    except PullError as error:
        text = f"{_first_words(error)}{error}"
        raise RunFailed(text, retry=not isinstance(error, FOR_PEOPLE)) from error


def _first_words(error: PullError) -> str:
    """What ssh says of these is written for somebody who knows ssh."""
    if isinstance(error, HostKeyChanged):
        return "the device shows another ssh key than before (a new SD card?): "
    if isinstance(error, AccessDenied):
        return "the device does not know our ssh key (it is shown under Plans): "
    return ""
