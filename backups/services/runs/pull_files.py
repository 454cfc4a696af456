"""The pull of a card's other files as a run: what is neither an experiment nor a video."""

from django.conf import settings

from backups.engine.pull.others import pull_others
from backups.models import OtherFile
from backups.services.card_places import pulled_to
from backups.services.card_proofs import forget_differences, proofs_of
from backups.services.other_files import is_written_since, look_at_others
from backups.services.runs.disks import refuse_lost_results, refuse_lost_videos
from backups.services.runs.jobs import Outcome, RunFailed, Work, how_far
from backups.services.runs.list_card import take_listing
from backups.services.runs.reach import own_errors, ssh_target
from backups.services.runs.reports import FilesReport

SHOWN = 20


def pull_other_files(work: Work) -> Outcome:
    """What lies here under its own name, of the size and the content known, is not asked for; what
    was written since it was proven is, for its size tells nothing of that."""
    refuse_lost_results()
    refuse_lost_videos()
    taken = take_listing(work)
    if not taken.contents.is_whole:
        path, why = taken.contents.unread[0]
        raise RunFailed(f"its card cannot be listed whole: {path[:200]!r}: {why}")
    _look(work)
    rows = _rows(work)
    proofs = proofs_of(work.device, beside=(bytes(row.path) for row in rows))
    wanted = [
        row
        for row in rows
        if not _is_here(row) or is_written_since(row, proofs.get(bytes(row.path)))
    ]
    if not wanted:
        return Outcome(summary="nothing lacks", report=FilesReport())
    with own_errors():
        pulled = pull_others(
            ssh_target(work),
            {bytes(row.path): row.size_bytes for row in wanted},
            root=taken.root,
            device_id=work.device.device_id,
            cards_dir=settings.CARDS_DIR,
            now=work.clock(),
            bandwidth_kib=settings.BANDWIDTH_KIB,
            progress=lambda progress: work.watch.progress(how_far(progress)),
            cancelled=work.watch.cancelled,
        )
    if not pulled.problem:  # rsync held each against the card's by content, or brought it
        paths = [bytes(row.path) for row in wanted]
        forget_differences(work.device, {path: pulled_to(work.device, path) for path in paths})
    _look(work)
    left = [row.name for row in _rows(work) if not _is_here(row)]
    return _outcome(wanted, left, wire_bytes=pulled.wire_bytes, problem=pulled.problem)


def _look(work: Work) -> None:
    try:
        look_at_others(work.device, now=work.clock())
    except OSError as error:
        raise RunFailed(f"our disk cannot be read: {error.filename}: {error.strerror}") from error


def _rows(work: Work) -> list[OtherFile]:
    return list(work.device.other_files.filter(gone_at=None, written_off=False))


def _is_here(row: OtherFile) -> bool:
    return row.held_bytes == row.size_bytes and not row.damage


def _outcome(wanted: list[OtherFile], left: list[str], *, wire_bytes: int, problem: str) -> Outcome:
    return Outcome(
        summary=(
            f"{len(wanted) - len(left)} of {len(wanted)} files came"
            f" ({wire_bytes:,} bytes over the wire)"
        ),
        report=FilesReport(
            file_count=len(wanted),
            wire_bytes=wire_bytes,
            left_count=len(left),
            left=tuple(name[:200] for name in left[:SHOWN]),
        ),
        problem="; ".join(filter(None, [f"{len(left)} did not come" if left else "", problem])),
    )
