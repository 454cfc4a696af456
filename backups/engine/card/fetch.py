"""Send the lister to a device, and read what it answers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from backups.engine.card.errors import NoPython
from backups.engine.card.known import known_of
from backups.engine.card.listing import CardContents
from backups.engine.card.reading import MOST_BYTES, MOST_FILES, read_listing
from backups.engine.card.remote import LISTER, heard
from backups.engine.card.shell_listing import list_by_shell
from backups.engine.pull.names import checked_folder
from backups.engine.pull.processes import Leash
from backups.engine.pull.ssh import SshTarget

SECONDS = 900
LONGEST_LINE = 128 * 1024
TOLD_EVERY = 50  # lines


def list_card(
    target: SshTarget,
    root: PurePosixPath,
    *,
    leash: Leash,
    seconds: int = SECONDS,
    progress: Callable[[int], None] = lambda lines: None,
    known: CardContents | None = None,
) -> CardContents:
    """All below the data root. Raises PullError; a listing that was cut is none.

    With `known`, its newest listing, the device tells only what differs from it; what is given is
    whole all the same. Where it has no python3, its shell tells less: see CardContents.by.
    """
    patient = replace(
        leash, most_bytes=MOST_BYTES, most_seconds=seconds + 60.0, longest_line=LONGEST_LINE
    )
    sent = known_of(known)
    given = {"root": str(checked_folder(root)), "seconds": seconds, "files": MOST_FILES}
    lines = heard(target, LISTER, given | sent.marks(), leash=patient)
    try:
        return read_listing(_counted(lines, progress), known=sent)
    except NoPython:
        return list_by_shell(target, root, leash=patient)


def _counted(lines: Iterator[str], progress: Callable[[int], None]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if number % TOLD_EVERY == 0:
            progress(number)
        yield line
