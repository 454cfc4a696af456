"""What a device's MariaDB holds, as things that a wipe of the card takes along.

Rows that were rewritten in place have the counts that they had, and its files are in no listing:
where nothing else stands against it, each row there is held against ours.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from django.conf import settings

from backups.engine.copies.opening import writing
from backups.engine.errors import BackupError, Cancelled
from backups.engine.extents import lacking
from backups.engine.grammar import counted
from backups.engine.mirror.holding import unlike_tables
from backups.engine.mirror.survey import survey
from backups.engine.wipe import Remedy, WipeItem
from backups.engine.wipe.items import why_item_lacks
from backups.engine.wipe.scope import ON_SERVER
from backups.models import ResultCopy
from backups.services.facts import copy_that_counts
from backups.services.proofs import note_unlike
from backups.services.server_counts import ServerDatabase, server_of
from backups.services.wipe_items import KnownCopies, fingerprint_of, held_by
from devices.models import Device
from devices.records import unpacked

DEADLINE = timedelta(hours=1)  # a Pi digests some hundred thousand rows in a second
Comparing = Callable[[str, ResultCopy], Collection[str]]  # a database there: tables that differ


class NotCompared(Exception):
    """Why it cannot be told whether the rows there are those of our copy."""


def server_items(
    databases: Iterable[ServerDatabase], known: KnownCopies, *, compare: Comparing
) -> Iterator[WipeItem]:
    for database in databases:
        copy = copy_that_counts(known.copies.get(database.filename, ()))
        item = _on_server(database, copy, known=known)
        if copy and item.size and not item.unseen and why_item_lacks(item, clock=None) is None:
            item = _compared(item, database.name, copy, compare)
        yield item


def _on_server(
    database: ServerDatabase, copy: ResultCopy | None, *, known: KnownCopies
) -> WipeItem:
    rows, filename = database.rows, database.filename
    short = lacking(unpacked(copy.rows), rows) if copy else {}
    more = lacking(rows, unpacked(copy.rows)) if copy else {}
    return WipeItem(
        name=f"{ON_SERVER}{database.name} {filename}".rstrip(),
        size=len(rows) or len(database.unseen),
        mark=filename,
        on_card=False,
        grew_at=known.grew_at(filename),
        held=held_by(copy, mark=filename) if copy else None,
        ours=fingerprint_of(copy) if copy else "",
        unlike=_unlike(sum(short.values()), sum(more.values())),
        unseen=database.unseen,
        proven_by=Remedy.MIRROR,
        brought_by=Remedy.MIRROR,
    )


def _compared(item: WipeItem, database: str, copy: ResultCopy, compare: Comparing) -> WipeItem:
    try:
        names = compare(database, copy)
    except NotCompared as error:
        return replace(item, unseen=str(error))
    unlike = f"the device has other rows than our copy in {', '.join(names)}" if names else ""
    if unlike:
        note_unlike(copy, unlike)
    ours = fingerprint_of(copy)  # of the very file whose rows were read
    return replace(item, unlike=unlike, ours=ours)


def _unlike(lacks: int, has_more: int) -> str:
    if lacks:
        return f"the device has {counted(lacks, 'row')} that our copy lacks"
    return f"our copy has {counted(has_more, 'row')} that the device lacks" if has_more else ""


def unlike_rows(
    device: Device,
    database: str,
    copy: ResultCopy,
    *,
    clock: Callable[[], float],
    stop: Callable[[], bool],
) -> list[str]:
    """The tables that differ, by name. `clock` is monotonic.

    Raises NotCompared, and Cancelled where `stop` says so.
    """
    give_up_at = clock() + DEADLINE.total_seconds()
    source = replace(server_of(device), database=database)
    path = settings.RESULTS_DIR / copy.path
    try:
        with (
            source.snapshot(lambda: stop() or clock() > give_up_at) as snapshot,
            writing(path, mode="ro") as ours,
        ):
            return unlike_tables(snapshot, survey(snapshot, database), ours)
    except BackupError as error:
        if isinstance(error, Cancelled) and stop():
            raise
        is_late = isinstance(error, Cancelled)
        raise NotCompared(f"not done after {DEADLINE}" if is_late else str(error)) from error
