"""Proof of content as a run: files of the card and ours, both read to their end and compared."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

from backups.engine.byte_sizes import human_size
from backups.engine.card import CardDatabase, CardDigest, digest_files
from backups.engine.card.listing import text_of
from backups.engine.card.proving import (
    AGAIN_SECONDS,
    HeldFile,
    in_order,
    is_at_rest,
    within,
)
from backups.engine.copies.digests import FileDigest
from backups.engine.copies.errors import LocalFailed
from backups.engine.pull.processes import Leash
from backups.engine.videos.facts import ScanResult
from backups.services.card_compare import compare_card
from backups.services.card_places import RESULTS, digest_at
from backups.services.proven_content import Held, one_file_at, store_held
from backups.services.runs.disks import (
    refuse_lost_results,
    refuse_lost_videos,
    refuse_mounted_card,
    scanned,
)
from backups.services.runs.jobs import Outcome, RunProgress, RunWaits, Work
from backups.services.runs.list_card import TakenListing, take_listing
from backups.services.runs.reach import own_errors, ssh_target
from backups.services.runs.reports import ProofReport
from devices.models import Device

BYTES_PER_SECOND = 20_000_000  # read from a card, which may be recording
SECONDS = 10 * 3600  # for all of a large card
STORED_AT_ONCE = 50  # what a stopped run has proven stays proven
SHOWN = 20
DIFFERS = "the card's content is another than ours"
OTHER_MOMENT = "of another moment, byte by byte: its tables tell"


def prove_device(work: Work) -> Outcome:
    refuse_lost_results()
    refuse_lost_videos()
    refuse_mounted_card(work.device)
    if work.budget and _is_busy(work.device):
        raise RunWaits("the device is tracking or recording: its card is read when it is idle")
    taken, scan, now = take_listing(work), scanned(work), int(work.clock().timestamp())
    again_before = now - AGAIN_SECONDS if work.budget else None  # who asks has all looked at
    compared = compare_card(
        work.device,
        taken.contents,
        scan,
        own=taken.own,
        again_before=again_before,
    )
    held, proofs = compared.held, compared.proofs
    short = {one.path for one in held if one.ours.size != one.file.size} - taken.own
    # Of another size: there is nothing to prove, and it has yet to come.
    lacking = compared.lacking + sorted(short)
    proving = Proving(work=work, taken=taken, scan=scan, lacking=lacking)
    proving.before = compared.proven_count
    at_rest = [one for one in held if one.path not in short and proving.is_at_rest(one)]
    wanted = in_order(at_rest, proofs, again_before=again_before)
    proving.left = len(wanted)
    proving.prove(within(wanted, work.budget.most_bytes if work.budget else None))
    return _outcome(proving)


def _is_busy(device: Device) -> bool:
    return device.is_recording or device.experiments.filter(growing=True).exists()


@dataclass(slots=True, kw_only=True)
class Proving:
    """Reads one file after another on both sides, and counts what comes of it."""

    work: Work
    taken: TakenListing
    scan: ScanResult  # of our videos
    lacking: list[bytes]
    before: int = 0  # proven already
    left: int = 0
    equal: int = 0
    size_bytes: int = 0
    differ: list[tuple[str, str]] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    other_moment: list[str] = field(default_factory=list)  # databases: not the same, byte by byte
    databases: dict[bytes, CardDatabase] = field(init=False)  # of its experiments
    _unstored: list[Held] = field(default_factory=list)

    def __post_init__(self) -> None:
        told = ((one.path.encode("latin-1"), one) for one in self.taken.contents.databases)
        self.databases = {path: one for path, one in told if path in self.taken.own}

    def is_at_rest(self, one: HeldFile) -> bool:
        """A database that has a -wal is not what its file shows."""
        database = self.databases.get(one.path)
        in_one_file = database is None or not (database.unread or database.wal)
        return in_one_file and is_at_rest(self.taken.contents, one.file)

    def prove(self, files: list[HeldFile]) -> None:
        """Raises RunFailed, RunStopped; what was proven until then is kept."""
        by_path = {one.path: one for one in files}
        total = sum(one.file.size for one in files)
        with own_errors(), closing(self):
            for told in self._digests(files):
                self.left -= 1
                self._take(by_path[told.path], told)
                self._show(total)
                if len(self._unstored) >= STORED_AT_ONCE:
                    self.close()
                if self._is_over():
                    return

    def close(self) -> None:
        """Keep what is not kept yet."""
        some, self._unstored = self._unstored, []
        if some:
            self.damaged += store_held(
                self.work.device, some, scan=self.scan, now=self.work.clock()
            )

    def _digests(self, files: list[HeldFile]) -> Iterator[CardDigest]:
        if not files:
            return iter(())
        return digest_files(
            ssh_target(self.work),
            self.taken.root,
            [one.path for one in files],
            leash=Leash(cancelled=self.work.watch.cancelled),
            bytes_per_second=BYTES_PER_SECOND,
            seconds=SECONDS,
        )

    def _is_over(self) -> bool:
        budget = self.work.budget
        return budget is not None and self.work.clock() >= budget.until

    def _show(self, total: int) -> None:
        self.work.watch.progress(
            RunProgress(phase="reading both sides", bytes_done=self.size_bytes, bytes_total=total)
        )

    def _take(self, file: HeldFile, told: CardDigest) -> None:
        self.size_bytes += file.file.size
        if told.problem:
            self.unread.append((text_of(file.path), told.problem))
        elif told.mark != file.file.mark:
            self.unread.append((text_of(file.path), "it was written since it was listed"))
        else:
            self._compare(file, told)

    def _compare(self, file: HeldFile, told: CardDigest) -> None:
        is_database = file.path in self.databases and file.place.startswith(RESULTS + b"/")
        before = one_file_at(file.place) if is_database else ""
        also = "" if told.algorithm == "blake2b" else told.algorithm
        try:
            ours = digest_at(file.place, stop=self.work.watch.cancelled, also=also)
        except LocalFailed as error:
            self.unread.append((text_of(file.path), f"ours: {error}"))
            return
        fingerprint = before if before and before == one_file_at(file.place) else ""
        if (ours.second if also else ours.blake2b) == told.digest:
            self.equal += 1
            self._keep(file, ours, fingerprint=fingerprint)
        elif is_database:  # also of one that was equal: that is over
            self.other_moment.append(text_of(file.path))
            self._keep(file, ours, differs=OTHER_MOMENT, fingerprint=fingerprint)
        else:
            self.differ.append((text_of(file.path), DIFFERS))
            self._keep(file, ours, differs=DIFFERS)

    def _keep(
        self, file: HeldFile, ours: FileDigest, *, differs: str = "", fingerprint: str = ""
    ) -> None:
        database = self.databases.get(file.path)
        self._unstored.append(
            Held(
                file=file,
                ours=ours,
                began_at=self.taken.began_at,
                read_at=self.work.clock(),
                differs=differs,
                mark=database.mark if database else "",
                fingerprint=fingerprint,
            )
        )


def _outcome(done: Proving) -> Outcome:
    return Outcome(
        summary=(
            f"{done.equal:,} files are equal on both sides, read to their end now, and"
            f" {done.before:,} were known to be; {len(done.differ)} differ; {done.left:,} are left"
            f" for another time ({human_size(done.size_bytes)} read)"
        ),
        report=ProofReport(
            equal=done.equal,
            equal_before=done.before,
            left=done.left,
            size_bytes=done.size_bytes,
            differ_count=len(done.differ),
            differ=tuple(done.differ[:SHOWN]),
            unread_count=len(done.unread),
            unread=tuple(done.unread[:SHOWN]),
            lacking_count=len(done.lacking),
            lacking=tuple(text_of(path)[-200:] for path in done.lacking[:SHOWN]),
            other_moment=tuple(done.other_moment[:SHOWN]),
            damaged=tuple(done.damaged[:SHOWN]),
        ),
        problem=_problem(done),
        retry=False,
    )


def _problem(done: Proving) -> str:
    counts = {
        "are another content than ours": len(done.differ),
        "could not be read": len(done.unread),
        "are damaged here": len(done.damaged),
    }
    return "; ".join(f"{count} files {what}" for what, count in counts.items() if count)
