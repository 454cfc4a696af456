"""How the worker of one storage comes to the folders of another, or of the host of ethonode."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from django.conf import settings

from backups.engine.copies.errors import LocalFailed
from backups.engine.places import Root
from backups.engine.pull import SshTarget, ensure_key
from backups.engine.pull.processes import Leash
from backups.engine.pull.rsync import Route
from backups.models import DiskFolder, DiskLook
from backups.services.card_places import CARDS, RESULTS, VIDEOS
from backups.services.runs.jobs import RunFailed, Work, how_far
from backups.services.runs.reach import own_errors
from devices.models import Storage


@contextmanager
def errors_of_places() -> Iterator[None]:
    with own_errors():
        try:
            yield
        except LocalFailed as error:
            raise RunFailed(str(error), failure=type(error).__name__) from error
        except OSError as error:
            raise RunFailed(f"{error.filename}: {error.strerror}") from error


def way_from(work: Work, source: Storage | None, *, by: Storage) -> tuple[Route, list[Root]]:
    """To its folders, as they were told there, for the worker `by`; None: the host of ethonode.

    Raises RunFailed.
    """
    told = _told(source)
    if not told:
        raise RunFailed(f"where the folders of {source or 'ethonode itself'} are was never told")
    login = (source.ssh, source.ssh_port) if source else (by.main_ssh, by.main_ssh_port)
    known_as = f"storage-{source.name}" if source else "ethonode-itself"
    with errors_of_places():
        target = _ssh_to(*login, known_as=known_as) if login[0] else None
    roots = [Root(name, PurePosixPath(there), here) for name, there, here in told]
    _refuse_wrong(roots, source, is_mounted=target is None)
    route = Route(
        target=target,
        leash=Leash(cancelled=work.watch.cancelled),
        tell=lambda progress: work.watch.progress(how_far(progress)),
        bandwidth_kib=settings.BANDWIDTH_KIB,
    )
    return route, roots


def _told(source: Storage | None) -> list[tuple[bytes, str, Path]]:
    """As that host itself looked at them last."""
    looks = dict(DiskLook.objects.filter(storage=source).values_list("folder", "path"))
    here = {
        DiskFolder.RESULTS: (RESULTS, settings.RESULTS_DIR),
        DiskFolder.VIDEOS: (VIDEOS, settings.VIDEOS_DIR),
        DiskFolder.CARDS: (CARDS, settings.CARDS_DIR),
    }
    return [(name, looks[folder], at) for folder, (name, at) in here.items() if folder in looks]


def _refuse_wrong(roots: list[Root], source: Storage | None, *, is_mounted: bool) -> None:
    if not is_mounted:
        return
    name = source or "ethonode itself"
    if not all(Path(root.there).is_dir() for root in roots):
        raise RunFailed(f"{name} is not reached by ssh, and its folders are not mounted here")
    if any(Path(root.there).resolve() == root.here.resolve() for root in roots):
        raise RunFailed(f"{name} has the same folders as this storage", retry=False)


def _ssh_to(login: str, port: int, *, known_as: str) -> SshTarget:
    user, _, host = login.partition("@")
    ensure_key(settings.SSH_KEY_FILE)
    return SshTarget(
        host=host,
        user=user,
        port=port,
        key_file=settings.SSH_KEY_FILE,
        known_hosts=settings.SSH_KNOWN_HOSTS,
        known_as=known_as,
    )
