"""What “May I wipe it?” is answered by: two listings, and between them all that is to be seen."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from backups.engine.card import CardContents, packed
from backups.engine.card.listing import CardFile, may_hold_data
from backups.engine.card.others import left_out
from backups.engine.errors import BackupError
from backups.engine.wipe import CardShown, MariaDBShown, Teller, WipeFacts, WipeItem
from backups.engine.wipe.certificate import digest_in_hex
from backups.models import ResultCopy
from backups.services.leases import LeaseHeld
from backups.services.our_disks import disks_shown
from backups.services.runs.jobs import RunFailed, RunProgress, Work
from backups.services.runs.list_card import TakenListing, take_listing
from backups.services.runs.reach import own_errors
from backups.services.second_copies import second_shown
from backups.services.server_counts import ServerDatabase, read_server
from backups.services.server_items import server_items, unlike_rows
from backups.services.wipe_items import KnownCopies, card_items
from backups.services.wipe_marks import shown
from backups.services.wipes import NotLookedAt, known_problems, write_offs
from devices.client import AskFailed
from devices.models import Device, Writer
from devices.services.asking import Target, ask_device

SIZES_HOLD = timedelta(days=30)  # of cards that cannot be told apart: it may be another one


@dataclass(slots=True)
class Gathering:
    """What is seen for one question, one thing after the other. What fails leaves its reason."""

    work: Work
    seen: dict[str, Any] = field(default_factory=dict)

    def facts(self) -> WipeFacts:
        asked_at = self.work.clock()
        self.seen["before"] = self._teller()
        first = self._listing("listing the card")
        self._look_here()
        databases = self._server()
        last = self._listing("listing the card again") if first else None
        self._items(first, last, databases)
        self.seen["after"] = self._teller()
        return WipeFacts(asked_at=asked_at, device_id=self.work.device.device_id, **self.seen)

    def _teller(self) -> Teller | None:
        """Its own word over HTTP, for its ssh key may be that of a cloned card."""
        device = self.work.device
        try:
            told = ask_device(Target(self.work.server.host or device.address, device.device_id))
        except AskFailed as error:
            self.seen["silent_because"] = str(error)
            return None
        return Teller(device_id=told.device_id, status=told.status)

    def _listing(self, phase: str) -> TakenListing | None:
        self.work.watch.progress(RunProgress(phase=phase))
        try:
            return take_listing(self.work)
        except RunFailed as error:
            self.seen["unlisted_because"] = str(error)
            return None

    def _look_here(self) -> None:
        self.work.watch.progress(RunProgress(phase="looking at our copies"))
        device = self.work.device
        try:
            self.seen["problems"] = known_problems(device, now=self.work.clock())
        except (LeaseHeld, NotLookedAt) as error:
            self.seen["unlooked_because"] = str(error)
        self.seen["write_offs"] = write_offs(device)
        self.seen["others"] = frozenset(device.other_files.values_list("name", flat=True))
        growing = device.experiments.filter(growing=True)
        self.seen["two_places"] = device.told_twice if device.others_apart else ""
        self.seen["growing"] = tuple(growing.values_list("filename", flat=True))
        self.seen["disks"] = disks_shown()
        self.seen |= second_shown(device, now=self.work.clock())

    def _server(self) -> list[ServerDatabase]:
        self.work.watch.progress(RunProgress(phase="asking its MariaDB"))
        expected = self.work.device.experiments.filter(writer=Writer.MYSQL).exists()
        error, is_none, found = "", False, []
        try:
            found = read_server(self.work.device, clock=time.monotonic)
        except BackupError as failed:
            error, is_none = str(failed), isinstance(failed.__cause__, ConnectionRefusedError)
        self.seen["mariadb"] = MariaDBShown(expected=expected, error=error, is_none=is_none)
        return found

    def _items(
        self,
        first: TakenListing | None,
        last: TakenListing | None,
        databases: list[ServerDatabase],
    ) -> None:
        if first is None or last is None:
            return
        self.work.watch.progress(RunProgress(phase="comparing"))
        self.seen |= {"first": _listed(first), "last": _listed(last)}
        self.seen["changed"] = tuple(_changed(first.contents, last.contents))
        self.seen["other_size"] = _other_size(last, self.work.device)
        self.seen["left_out"] = tuple(map(shown, left_out(last.contents)))
        try:
            known = KnownCopies.of(self.work.device, last.contents, own=last.own)
        except OSError as error:
            self.seen["unlisted_because"] = f"our own folders cannot be looked into: {error}"
            return
        on_card = card_items(last.contents, known, own=last.own)
        on_server = server_items(databases, known, compare=self._unlike_rows)
        items: list[WipeItem] = [*on_card, *on_server]
        self.seen |= {"items": tuple(items), "known_files": known.file_count}

    def _unlike_rows(self, database: str, copy: ResultCopy) -> list[str]:
        self.work.watch.progress(RunProgress(phase=f"comparing the rows of {database}"))
        stop = self.work.watch.cancelled
        with own_errors():
            return unlike_rows(self.work.device, database, copy, clock=time.monotonic, stop=stop)


def _listed(taken: TakenListing) -> CardShown:
    head = taken.contents.head
    return CardShown(
        began_at=taken.began_at,
        boot=head.boot,
        clock=head.clock,
        unread=taken.contents.unread,
        serial=taken.contents.health.serial,
        size_bytes=head.size,
        digest=digest_in_hex(packed(taken.contents)),
    )


def _other_size(taken: TakenListing, device: Device) -> tuple[int, datetime] | None:
    """What the file system of its data once was, where that was another one on the same card.

    No time makes a partition that is not mounted one that is not there.
    """
    serial = taken.contents.health.serial
    may_be_it = Q(read_at__gte=taken.began_at - SIZES_HOLD)
    if serial:
        may_be_it = Q(serial=serial) | may_be_it & Q(serial="")
    others = device.card_readings.exclude(size_bytes=taken.contents.head.size)
    other = others.filter(may_be_it).order_by("-read_at").first()
    return (other.size_bytes, other.read_at) if other else None


def _changed(first: CardContents, last: CardContents) -> Iterator[str]:
    """What came, went or was written between the two. Reading a live database touches its -shm,
    and the device's own server writes its cache whenever it is asked."""
    for folder in sorted(filter(may_hold_data, first.folders.keys() | last.folders.keys())):
        before, after = _files(first, folder), _files(last, folder)
        if before != after:
            for name in sorted(before.keys() | after.keys()):
                if before.get(name) != after.get(name):
                    yield (folder + b"/" + name).decode("utf-8", "backslashreplace")


def _files(listing: CardContents, folder: bytes) -> dict[bytes, CardFile]:
    files = listing.folders.get(folder, ())
    return {file.name: file for file in files if not file.name.endswith(b".db-shm")}
