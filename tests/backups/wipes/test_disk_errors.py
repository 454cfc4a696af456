"""A disk that fails, a device that starts anew, another one at its address: each is told as what it
was, in words that are kept, and nothing of it is ever green, or a yes."""

import errno
import os
import sqlite3
import sys

import pytest
from django.utils import timezone

from backups.engine.card import digests
from backups.engine.copies import inspection
from backups.engine.facts import BackupType
from backups.engine.wipe import MayWipe
from backups.models import CardListing, ResultCopy, RunKind
from backups.services.card_proofs import proofs_of
from backups.services.snapshots import take_snapshot
from backups.services.wipes import reasons_of
from tests.backups.runs.test_list_card_run import programs
from tests.backups.wipes.conftest import VIDEO
from tests.backups.wipes.test_never_yes import BOOT
from tests.servers import private_sshd

pytestmark = pytest.mark.django_db
EIO = "Input/output error"
PYTHON = f'{sys.executable} "$@"'
COPIES = {
    "database": (lambda world: world.copy, BackupType.SQLITE),
    "chunk": (lambda world: world.ours[0], BackupType.VIDEO),
    "other file": (lambda world: world.its_copy, BackupType.SQLITE),
}
EACH = pytest.mark.parametrize("which", COPIES)


@pytest.fixture
def fails(monkeypatch):
    """The files that the disk fails to read, whoever reads them; `beyond` so many bytes."""
    bad, read = {}, os.readv

    def readv(handle, buffers):
        inode, at = os.fstat(handle).st_ino, os.lseek(handle, 0, os.SEEK_CUR)
        if inode in bad and at >= bad[inode]:
            raise OSError(errno.EIO, EIO)
        return read(handle, [memoryview(buffers[0])[:20_000]])

    monkeypatch.setattr(os, "readv", readv)

    def fails(path, *, beyond=0):
        bad[path.stat().st_ino] = beyond

    fails.no_more = bad.clear
    return fails


def said_of(question):
    return str([(reason.item, reason.lacks) for reason in reasons_of(question)])


def facts_of(device, backup_type):
    found = take_snapshot(device, now=timezone.now())
    return next(one.facts for one in found if one.backup.backup_type == backup_type)


@EACH
def test_a_verification_that_meets_it_says_damaged(world, may_wipe, do, device, fails, which):
    assert may_wipe().answer == MayWipe.YES
    find, backup_type = COPIES[which]
    fails(find(world))
    run = do(RunKind.VERIFY)
    assert run.state == "failed"
    assert EIO in run.error
    assert find(world).name in run.error
    assert facts_of(device, backup_type).has_problems
    answer = may_wipe()
    assert answer.answer == MayWipe.NO
    assert EIO in said_of(answer)


@EACH
def test_what_one_reading_after_all_gives_as_it_was_is_sound(world, may_wipe, do, fails, which):
    """Such as when a cable was loose: it is read to its end, and is the content that was proven."""
    assert may_wipe().answer == MayWipe.YES
    fails(COPIES[which][0](world))
    assert do(RunKind.VERIFY).state == "failed"
    fails.no_more()
    assert do(RunKind.VERIFY).state == "succeeded"
    assert may_wipe().answer == MayWipe.YES


@pytest.mark.parametrize("beyond", [0, 20_000])
def test_a_proof_that_meets_it_is_none(world, may_wipe, do, device, fails, beyond):
    world.renew(world.chunks[0], VIDEO + b"another")
    world.renew(world.ours[0], VIDEO + b"another")
    fails(world.ours[0], beyond=beyond)
    run = do(RunKind.PROVE)
    assert run.state == "failed"
    [(name, why)] = run.numbers["unread"]
    assert name.endswith(world.ours[0].name)
    assert EIO in why
    path = os.fsencode(world.chunks[0].relative_to(world.card))
    mark = world.chunks[0].stat().st_size
    assert proofs_of(device)[path].mark[0] != mark
    assert may_wipe().answer == MayWipe.NO


def test_a_card_that_cannot_be_read_is_not_proven(world, may_wipe, do, settings, tmp_path):
    world.renew(world.chunks[0], VIDEO)
    world.renew(world.ours[0], VIDEO)
    broken = f's#count = os.readv(handle, .piece.)#raise OSError(5, "{EIO}")#'
    with programs(settings, tmp_path, python3=f"/bin/sed '{broken}' | {PYTHON}"):
        run = do(RunKind.PROVE)
        assert run.state == "failed"
        told = dict(run.numbers["unread"])
        assert EIO in told[str(world.chunks[0].relative_to(world.card))]
        assert may_wipe().answer == MayWipe.NO


def test_what_sqlite_cannot_read_is_damaged(world, may_wipe, do, monkeypatch):
    def reads(connection, **options):
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
        raise error

    monkeypatch.setattr(inspection, "damage", reads)
    run = do(RunKind.VERIFY)
    assert (run.state, "disk I/O error" in run.error) == ("failed", True)
    assert ResultCopy.objects.get().damage == "disk I/O error"
    assert may_wipe().answer == MayWipe.NO


def test_a_folder_of_ours_that_fails_says_nothing_of_what_is_in_it(world, may_wipe, monkeypatch):
    whole = os.stat

    def stat(path, *args, **options):
        if options.get("dir_fd") is not None and str(path).endswith(world.ours[0].name):
            raise OSError(errno.EIO, EIO)
        if isinstance(path, bytes) and path.endswith(os.fsencode(world.ours[0].name)):
            raise OSError(errno.EIO, EIO)
        return whole(path, *args, **options)

    monkeypatch.setattr(os, "stat", stat)
    answer = may_wipe()
    assert answer.answer != MayWipe.YES
    assert EIO in said_of(answer)


KINDS = pytest.mark.parametrize("kind", [RunKind.LIST_CARD, RunKind.PROVE, RunKind.WIPE])


@KINDS
def test_another_machine_at_its_address_is_refused(world, may_wipe, do, settings, tmp_path, kind):
    """It shows another key, and is told nothing, whatever it holds."""
    assert may_wipe().answer == MayWipe.YES
    before = CardListing.objects.get().began_at
    own = settings.SSH_PORT, settings.SSH_KEY_FILE
    with private_sshd(tmp_path / "another") as server:
        settings.SSH_PORT, settings.SSH_KEY_FILE = server.port, server.key_file
        run = do(kind)
    settings.SSH_PORT, settings.SSH_KEY_FILE = own
    assert run.state == "failed"
    assert "another ssh key than before" in run.error
    assert CardListing.objects.get().began_at == before
    assert may_wipe().answer == MayWipe.YES  # of the device itself, asked anew


def test_a_device_that_starts_anew_between_two_portions_proves_no_more(
    world, do, device, settings, tmp_path, monkeypatch
):
    """What both sides had read until then stands."""
    for there, here in zip(world.chunks, world.ours, strict=True):
        world.renew(there, VIDEO)
        world.renew(here, VIDEO)
    before = proofs_of(device)
    monkeypatch.setattr(digests, "MOST_SENT", 10)
    boot = tmp_path / "boot"
    other = f's#{BOOT}#"/..{boot}"#'
    script = f"/bin/date +%N > {boot}; /bin/sed '{other}' | {PYTHON}"
    with programs(settings, tmp_path, python3=script):
        run = do(RunKind.PROVE)
    assert run.state == "failed"
    assert "started anew" in run.error
    after = proofs_of(device)
    assert sum(after[path] != before.get(path) for path in after) == 1


@pytest.mark.parametrize("lines", [1, 2, 3])
@KINDS
def test_an_answer_that_ends_as_a_device_goes_down_is_none(
    world, do, settings, tmp_path, kind, lines
):
    do(RunKind.LIST_CARD)
    before = CardListing.objects.get().began_at
    cut = f"{PYTHON} | /usr/bin/head -n {lines}"
    with programs(settings, tmp_path, python3=cut):
        run = do(kind)
    assert (run.state, "cut" in run.error) == ("failed", True)
    assert CardListing.objects.get().began_at == before
