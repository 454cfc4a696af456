"""How the worker of one storage comes to the folders of another, or of the host of ethonode."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from django.conf import settings

from backups.engine.copies.errors import LocalFailed
from backups.engine.places import ProvenPlace, Root
from backups.engine.pull import SshTarget, ensure_key
from backups.engine.pull.processes import Leash
from backups.engine.pull.rsync import Route
from backups.models import DiskFolder, DiskLook
from backups.services.card_places import data_folders
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


class SameFolders(RunFailed):
    """All of its folders are those of this host: nothing can be copied from one to the other."""


def way_from(work: Work, source: Storage | None, *, by: Storage | None) -> tuple[Route, list[Root]]:
    """To its folders, as they were told there, for the worker `by`; None: the host of ethonode.

    Raises RunFailed, SameFolders.
    """
    told = _told(source)
    if not told:
        raise RunFailed(f"where the folders of {source or 'ethonode itself'} are was never told")
    login = _login(source, by)
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


def refuse_the_same(proven: Iterable[ProvenPlace]) -> None:
    """Raises RunFailed for a file that is one and the same on both hosts, by whatever paths: it is
    no copy, and to delete one is to delete both."""
    if same := next((one for one in proven if one.theirs == one.ours), None):
        name = os.fsdecode(same.place)
        raise RunFailed(f"{name} is the same file on both hosts, and no copy", retry=False)


def _login(source: Storage | None, by: Storage | None) -> tuple[str, int]:
    if source:
        return source.ssh, source.ssh_port
    return (by.main_ssh, by.main_ssh_port) if by else ("", 0)


def _told(source: Storage | None) -> list[tuple[bytes, str, Path]]:
    """As that host itself looked at them last."""
    looks = dict(DiskLook.objects.filter(storage=source).values_list("folder", "path"))
    told = {folder.value.encode(): looks[folder] for folder in DiskFolder if folder in looks}
    return [(name, told[name], here) for name, here in data_folders().items() if name in told]


def _refuse_wrong(roots: list[Root], source: Storage | None, *, is_mounted: bool) -> None:
    if not is_mounted:
        return
    name = source or "ethonode itself"
    if not all(Path(root.there).is_dir() for root in roots):
        raise RunFailed(f"{name} is not reached by ssh, and its folders are not mounted here")
    same = [root for root in roots if Path(root.there).resolve() == root.here.resolve()]
    if len(same) == len(roots):
        raise SameFolders(
            f"{name} has the same folders as this host, or others of the same paths: then say on"
            " the storage's page how it is reached by ssh",
            retry=False,
        )
    if same:
        raise RunFailed(f"{name} has the same {same[0].here} as this, and others", retry=False)


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
