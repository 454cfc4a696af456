"""A card that is reached by ssh: a private sshd and real files."""

from pathlib import PurePosixPath
from types import SimpleNamespace

import pytest

from backups.engine.card import digest_files, list_card
from backups.engine.pull.processes import Leash
from tests.engine.pull import recorder
from tests.engine.pull.conftest import NAME, target_at
from tests.servers import private_sshd


@pytest.fixture(scope="session")
def sshd(tmp_path_factory):
    with private_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def card(sshd, tmp_path):
    """The card's data root, and `read` to list it."""
    root = tmp_path / "card"
    for name in ("results", "videos"):
        (root / name).mkdir(parents=True)

    def read(server=sshd, *, silent_seconds=20.0, **options):
        leash = Leash(silent_seconds=silent_seconds)
        target = target_at(server, tmp_path)
        return list_card(target, PurePosixPath(root), leash=leash, **options)

    return SimpleNamespace(root=root, read=read)


@pytest.fixture
def answering(card, tmp_path):
    """A device on which another program answers in the place of the lister."""

    def answering(script, **options):
        (tmp_path / "answer").write_text(script)
        more = f"ForceCommand cat >/dev/null & exec sh {tmp_path / 'answer'}\n"
        with private_sshd(tmp_path / "other", more=more) as server:
            return card.read(server, **options)

    return answering


@pytest.fixture
def database(card):
    """One in WAL mode, held open as by a device that tracks."""
    path = card.root / "results" / NAME
    connection = recorder.begin(path)
    yield SimpleNamespace(path=path, connection=connection)
    connection.close()


@pytest.fixture
def digest(card, sshd, tmp_path):
    def digest(*paths, server=sshd, silent_seconds=20.0, cancelled=lambda: False, **options):
        leash = Leash(silent_seconds=silent_seconds, cancelled=cancelled)
        target = target_at(server, tmp_path)
        return digest_files(target, PurePosixPath(card.root), paths, leash=leash, **options)

    return digest
