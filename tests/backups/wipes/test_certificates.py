"""The certificate of a yes: checked by stock programs, and withdrawn when it holds no more."""

import json
import os
import shutil
import sqlite3
import subprocess
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from backups.engine.signing import allowed_signers
from backups.models import ResultCopy, RunKind, WipeCertificate
from backups.services.certificates import content_of, files_of, number_at, sums_of
from backups.services.snapshots import take_snapshot
from tests.backups.wipes.conftest import AGO, VIDEO
from tests.engine.pull.conftest import chunk

pytestmark = pytest.mark.django_db

VERIFY = ["ssh-keygen", "-Y", "verify", "-n", "certificate@ethonode", "-I", "ethonode"]


@pytest.fixture
def certificate(world, may_wipe):
    assert may_wipe().answer == "yes"
    return WipeCertificate.objects.get()


@pytest.fixture
def files(certificate, tmp_path):
    """As they are downloaded."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    for name, content in files_of(certificate).items():
        (folder / name).write_bytes(content)
    return folder


def is_signed(folder, name):
    with (folder / name).open("rb") as content:
        words = [*VERIFY, "-f", folder / "allowed_signers", "-s", folder / f"{name}.sig"]
        return subprocess.run(words, stdin=content, capture_output=True, check=False)


def sums(world, files):
    words = ["b2sum", "--strict", "-c", files / "B2SUMS"]
    return subprocess.run(words, cwd=world.card.parent, capture_output=True, check=False)


def test_stock_openssh_and_coreutils_check_it(world, files):
    for name in ("certificate.json", "B2SUMS"):
        assert is_signed(files, name).returncode == 0
    assert sums(world, files).returncode == 0
    assert len((files / "B2SUMS").read_bytes().splitlines()) == 5


@pytest.mark.parametrize("name", ["certificate.json", "B2SUMS"])
def test_who_changes_one_byte_of_it_is_found_out(files, name):
    content = bytearray((files / name).read_bytes())
    content[len(content) // 2] ^= 1
    (files / name).write_bytes(content)
    assert is_signed(files, name).returncode != 0


def test_another_key_signed_nothing(files):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", files / "k"], check=True)
    public = (files / "k.pub").read_text()
    (files / "allowed_signers").write_text(allowed_signers(public))
    assert is_signed(files, "certificate.json").returncode != 0


def test_a_copy_that_changed_fails_its_sum(world, files):
    os.truncate(world.ours[0], 3)
    assert sums(world, files).returncode == 1


def test_it_says_what_was_equal_and_how_that_was_shown(world, files, device):
    body = json.loads((files / "certificate.json").read_bytes())
    items = {item["name"]: item for item in body["items"]}
    assert (body["device"], body["item_count"], len(items)) == (device.device_id, 5, 5)
    database = items[f"results/{world.copy.relative_to(world.settings.RESULTS_DIR)}"]
    assert database["how"].startswith("held against the device whole by")
    assert all(item["read_at"] >= item["proven_at"] and item["digest"] for item in items.values())


def test_the_key_is_made_once_and_is_private(certificate, may_wipe, settings):
    assert may_wipe().answer == "yes"
    assert settings.CERTIFICATE_KEY_FILE.stat().st_mode & 0o777 == 0o600
    first, second = WipeCertificate.objects.order_by("pk")
    assert first.signed_by == second.signed_by
    assert json.loads(content_of(second))["replaces"] == first.number


def test_without_a_key_that_is_private_there_is_no_certificate(world, may_wipe, settings):
    settings.CERTIFICATE_KEY_FILE.parent.mkdir()
    settings.CERTIFICATE_KEY_FILE.write_text("no key")
    asked = may_wipe()
    assert (asked.answer, asked.run.state) == ("yes", "failed")
    assert "without a certificate" in asked.run.error
    assert not WipeCertificate.objects.exists()


def test_a_no_has_no_certificate(world, may_wipe):
    world.forget(world.ours[0])
    may_wipe()
    assert not WipeCertificate.objects.exists()


def test_a_moment_that_comes_twice_gives_two_numbers(certificate, device):
    """A card is asked for twice in a second, or by a clock that was set back."""
    assert number_at(device, certificate.made_at) == f"{certificate.number}-2"
    certificate.pk, certificate.number = None, f"{certificate.number}-2"
    certificate.save(force_insert=True)
    assert number_at(device, certificate.made_at) == f"{certificate.number[:-1]}3"


def test_it_is_kept_when_its_device_is_forgotten(certificate, device):
    device.delete()
    certificate.refresh_from_db()
    assert (certificate.device, certificate.device_id_then) == (None, device.device_id)


def tracked(world):
    later = timezone.now() + timedelta(seconds=1)
    world.device.experiments.update(changed_at=later, growing=True)


def recorded(world):
    world.device.recording_at = timezone.now() + timedelta(seconds=1)
    world.device.save()


def inserted(world):
    with sqlite3.connect(world.database) as connection:
        connection.execute("INSERT INTO ROI_1 (t) VALUES (1)")
    connection.close()


def wiped(world):
    shutil.rmtree(world.card)
    (world.card / "results").mkdir(parents=True)


CHANGES = {
    "a chunk came": lambda world: world.renew(
        world.card / "videos" / world.device.device_id / chunk(4), VIDEO
    ),
    "a chunk was written": lambda world: world.renew(world.chunks[0], VIDEO),
    "a database was written": inserted,
    "the card was wiped": wiped,
    "the device was seen tracking": tracked,
    "the device was seen recording": recorded,
    "a copy was touched": lambda world: os.utime(world.ours[0]),
    "a copy is gone": lambda world: world.forget(world.its_copy),
    "a database of ours was touched": lambda world: os.utime(world.copy),
    "a database of ours is gone": lambda world: world.forget(world.copy),
    "a database of ours is damaged": lambda world: ResultCopy.objects.update(
        damage="it shrank", damaged_at=timezone.now()
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_it_is_withdrawn_when(world, certificate, device, do, what):
    CHANGES[what](world)
    do(RunKind.LIST_CARD)
    take_snapshot(device, now=timezone.now())
    certificate.refresh_from_db()
    assert certificate.withdrawn_at
    assert certificate.withdrawn_why


def test_it_stands_while_nothing_changes(world, certificate, device, do):
    do(RunKind.LIST_CARD)
    do(RunKind.VERIFY)
    take_snapshot(device, now=timezone.now())
    certificate.refresh_from_db()
    assert (certificate.stands, certificate.withdrawn_why) == (True, "")


def test_what_was_withdrawn_stays_so(world, certificate, device):
    content, at = world.its_copy.read_bytes(), timezone.now()
    world.forget(world.its_copy)
    take_snapshot(device, now=at)
    world.renew(world.its_copy, content)
    take_snapshot(device, now=timezone.now())
    certificate.refresh_from_db()
    assert certificate.withdrawn_at == at


def test_the_command_says_that_it_stands(files, capsys):
    call_command("certificate", "check", str(files / "certificate.json"))
    assert "It stands" in capsys.readouterr().out


@pytest.mark.parametrize("what", ["copy", "signature", "content", "withdrawn", "unknown", "absent"])
def test_the_command_says_what_is_not_as_it_says(world, files, certificate, what):
    if what == "copy":
        content = world.ours[0].read_bytes()
        world.renew(world.ours[0], content[:-1] + b"?")
    elif what == "signature":
        (files / "certificate.json.sig").write_bytes((files / "B2SUMS.sig").read_bytes())
    elif what == "content":
        (files / "certificate.json").write_bytes(b"{}")
    elif what == "withdrawn":
        WipeCertificate.objects.update(withdrawn_at=timezone.now(), withdrawn_why="it grew")
    elif what == "unknown":
        certificate.delete()
    else:
        (files / "certificate.json.sig").unlink()
    with pytest.raises(CommandError):
        call_command("certificate", "check", str(files / "certificate.json"))


def test_a_name_of_any_bytes_is_in_the_list_as_b2sum_writes_it(world, may_wipe, tmp_path):
    name = os.fsdecode(b"a\\b\n\r caf\xe9 -.png")
    there, here = world.other.with_name(name), world.its_copy.with_name(name)
    world.renew(there, b"png")
    world.renew(here, b"png", at=AGO + 1)
    world.prove_file(there, here)
    assert may_wipe().answer == "yes"
    (tmp_path / "B2SUMS").write_bytes(sums_of(WipeCertificate.objects.get()))
    assert sums(world, tmp_path).returncode == 0
