"""A proof of content as a run: both sides are read, and only what is the same is proven."""

import mmap
import os
import shutil
import sqlite3
import time
from contextlib import closing
from datetime import timedelta

import pytest
from django.utils import timezone
from msgspec import structs

from backups.engine.copies.below import stamps_in
from backups.engine.copies.digests import IN_MEMORY, stamp_of
from backups.engine.copies.identity import fingerprint
from backups.engine.facts import BackupType
from backups.engine.items import Proof
from backups.models import (
    BackupPlan,
    ExperimentState,
    OtherFile,
    ProvenFolder,
    RecordingLedger,
    ResultCopy,
    RunKind,
    RunTrigger,
)
from backups.services import card_places, runs
from backups.services.card_proofs import proofs_of, store_proofs
from backups.services.results import ROTTEN
from backups.services.runs import prove
from backups.services.snapshots import take_snapshot
from devices.models import Experiment
from tests.engine.pull import recorder
from tests.engine.pull.conftest import chunk

pytestmark = pytest.mark.django_db
STAMP = "2026-01-02_03-04-05"
OLD = time.time() - 86400
OTHER = b"upload/masks/mine.json"


class Both:
    """The card, and our folders that hold the same."""

    def __init__(self, card, settings, device):
        self.card, self.settings, self.device = card, settings, device
        self.videos = [f"videos/{device.device_id}/{chunk(n)}".encode() for n in (1, 2, 3)]
        name = f"{STAMP}_{device.device_id}.db"
        self.database = f"results/{device.device_id}/{device.name}/{STAMP}/{name}".encode()
        for number, path in enumerate(self.videos):
            self.write(path, b"\0\0\0\1\x67" + bytes([number]) * 50_000)
        self.write(OTHER, b'{"a": 1}')
        self._write_database()

    def there(self, path):
        return self.card / path.decode()

    def here(self, path):
        folders = {
            "videos": self.settings.VIDEOS_DIR,
            "results": self.settings.RESULTS_DIR,
            "upload": self.settings.CARDS_DIR / self.device.device_id / "upload",
        }
        top, _, below = path.decode().partition("/")
        return folders[top] / below

    def write(self, path, content):
        for place in (self.there(path), self.here(path)):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            os.utime(place, (OLD, OLD))

    def _write_database(self):
        place = self.there(self.database)
        place.parent.mkdir(parents=True)
        with closing(recorder.begin(place, rows=50)) as connection:
            connection.execute("INSERT INTO METADATA VALUES ('stop_date_time', '1767400000')")
        os.utime(place, (OLD, OLD))
        self.here(self.database).parent.mkdir(parents=True)
        shutil.copy2(place, self.here(self.database))

    @property
    def paths(self):
        return {*self.videos, self.database, OTHER}


@pytest.fixture
def both(card, settings, device):
    return Both(card, settings, device)


@pytest.fixture
def proving(do):
    return lambda **others: do(RunKind.PROVE, **others)


def flip(path):
    """One bit of another value; size and times stay."""
    found = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def facts_of(device, backup_type):
    device.inventory_error = "no answer"
    device.save()
    found = take_snapshot(device, now=timezone.now())
    return next(s.facts for s in found if s.backup.backup_type == backup_type)


def test_what_is_the_same_on_both_sides_is_equal(proving, both, device):
    run = proving()
    assert (run.state, run.error) == ("succeeded", "")
    assert run.numbers["equal"] == 5
    proofs = proofs_of(device)
    assert proofs.keys() == both.paths
    assert not any(proof.differs for proof in proofs.values())
    videos, results = (facts_of(device, kind) for kind in (BackupType.VIDEO, BackupType.SQLITE))
    assert (videos.proofs["equal"], videos.counted_since) == (3, None)
    assert not videos.has_problems
    assert results.proofs == {Proof.EQUAL: 1}
    assert not results.has_problems
    assert ExperimentState.objects.get().proof == Proof.EQUAL
    assert OtherFile.objects.get().equal
    copy = ResultCopy.objects.get()
    assert copy.digest == proofs[both.database].digest


def test_what_was_proven_is_not_read_again(proving, both):
    proving()
    again = proving()
    assert (again.numbers["equal"], again.numbers["equal_before"]) == (0, 5)
    assert again.numbers["size_bytes"] == 0


@pytest.mark.parametrize("side", ["there", "here"])
@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_one_bit_is_no_proof(proving, both, device, side, place):
    path = [*both.videos, OTHER][place]
    flip(getattr(both, side)(path))
    run = proving()
    assert run.state == "failed"
    assert "another content" in run.error
    assert proofs_of(device)[path].differs
    if path == OTHER:
        assert not OtherFile.objects.get().equal
    else:
        assert facts_of(device, BackupType.VIDEO).proofs["equal"] == 2
        assert facts_of(device, BackupType.VIDEO).unproven


@pytest.mark.parametrize("side", ["there", "here"])
@pytest.mark.parametrize("again", [RunKind.LIST_CARD, RunKind.PULL_VIDEOS])
def test_a_chunk_that_was_found_to_differ_is_not_whole_by_its_size(
    proving, both, device, do, side, again
):
    """Told once more, by whom ever, and touched in between: until both are read to be the same."""
    path = both.videos[0]
    flip(getattr(both, side)(path))
    proving()
    for touch in (lambda: None, both.here(path).touch):
        touch()
        do(again)
        assert facts_of(device, BackupType.VIDEO).unproven


def test_a_chunk_that_differed_is_whole_when_both_were_read_to_be_the_same(
    proving, both, device, do
):
    flip(both.here(both.videos[0]))
    proving()
    shutil.copy2(both.there(both.videos[0]), both.here(both.videos[0]))
    do(RunKind.LIST_CARD)
    assert facts_of(device, BackupType.VIDEO).unproven
    proving()
    assert not facts_of(device, BackupType.VIDEO).unproven


@pytest.mark.parametrize("side", ["there", "here"])
def test_a_database_of_other_bytes_is_left_to_a_pull(proving, both, device, side):
    flip(getattr(both, side)(both.database))
    run = proving()
    assert run.numbers["other_moment"] == [both.database.decode()]
    assert ExperimentState.objects.filter(proof=Proof.EQUAL).count() == 0
    assert proofs_of(device)[both.database].differs


def rot(device, here, path):
    """A bit is another one, and nothing of the file tells: as if it had always been so."""
    flip(here)
    proof = proofs_of(device)[path]
    store_proofs(device, {path: structs.replace(proof, ours=stamp_of(here.stat()))})
    mark = fingerprint(here)
    ResultCopy.objects.update(
        fingerprint=mark, proven_fingerprint=mark, verified_fingerprint=mark,
        digest_fingerprint=mark,
    )  # fmt: skip


def test_a_database_that_rots_here_is_found_by_the_next_proof(by_plan, both, device, monkeypatch):
    by_plan()
    rot(device, both.here(both.database), both.database)
    monkeypatch.setattr(prove, "AGAIN_SECONDS", 0)
    run = by_plan()
    assert run.numbers["damaged"] == [f"{both.here(both.database).name}: {ROTTEN}"]
    assert proofs_of(device)[both.database].differs
    assert facts_of(device, BackupType.SQLITE).corrupt


@pytest.fixture
def older(both, device):
    """A file of the experiment's name with fewer rows, in a folder that the device once had."""
    path = both.database.replace(device.name.encode(), b"FORMER_NAME")
    for place in (both.there(path), both.here(path)):
        place.parent.mkdir(parents=True)
    with closing(recorder.begin(both.there(path), rows=20)) as connection:
        connection.execute("INSERT INTO METADATA VALUES ('stop_date_time', '1767400000')")
    os.utime(both.there(path), (OLD, OLD))
    assert both.there(path).stat().st_size <= both.there(both.database).stat().st_size
    with closing(sqlite3.connect(both.there(both.database))) as connection:
        connection.execute("CREATE TABLE MORE AS SELECT * FROM ROI_1")
    os.utime(both.there(both.database), (OLD, OLD))
    return path


@pytest.mark.parametrize("place", ["of the older one", "of the experiment"])
def test_an_older_file_of_its_name_proves_nothing_of_an_experiment(
    proving, both, device, older, place
):
    both.here(both.database).unlink()
    shutil.copy2(both.there(older), both.here(older if "older" in place else both.database))
    proving()
    assert ExperimentState.objects.filter(proof=Proof.EQUAL).count() == 0
    assert facts_of(device, BackupType.SQLITE).has_problems


def test_both_files_of_a_name_have_to_be_here(proving, both, device, older, do):
    path = f"/{older.decode()}"
    Experiment.objects.create(
        device=device, filename=both.here(older).name, writer="sqlite", path=f"{both.card}{path}",
        first_seen_at=timezone.now(), listed_at=timezone.now(),
    )  # fmt: skip
    both.here(both.database).unlink()
    do(RunKind.LIST_CARD)
    assert do(RunKind.PULL_RESULTS).state == "succeeded"
    with closing(sqlite3.connect(both.here(both.database))) as connection:
        assert connection.execute("SELECT count(*) FROM MORE").fetchone() > (0,)
    lacking = [problem.name for problem in facts_of(device, BackupType.SQLITE).missing]
    assert lacking == [older.decode()]
    do(RunKind.PULL_FILES)
    assert not facts_of(device, BackupType.SQLITE).has_problems


def test_a_database_with_a_wal_is_not_what_its_file_shows(proving, both, device):
    with closing(sqlite3.connect(both.there(both.database))) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO METADATA VALUES ('late', 'row')")
        connection.commit()
        os.utime(both.there(both.database), (OLD, OLD))
        proving()
    assert both.database not in proofs_of(device)


@pytest.mark.parametrize("side", ["there", "here"])
def test_who_writes_a_file_ends_its_proof(proving, both, device, side):
    proving()
    path = both.videos[0]
    flip(getattr(both, side)(path))
    run = proving()
    assert (run.numbers["differ_count"], run.numbers["equal_before"]) == (1, 4)


def test_rot_here_is_found_by_the_next_verification(proving, both, device, do):
    proving()
    place = both.here(OTHER)
    seen = place.stat()
    flip(place)
    row = proofs_of(device)[OTHER]
    assert row.ours.modified == seen.st_mtime_ns
    run = do(RunKind.VERIFY)
    assert run.state in {"failed", "succeeded"}  # a flip by hand moves the ctime: no rot
    assert OtherFile.objects.get().damage == ""


def test_what_another_program_has_in_memory_was_not_read(proving, both, device):
    with both.here(OTHER).open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as m:
        assert m[0]
        run = proving()
    assert [OTHER.decode(), f"ours: {IN_MEMORY}"] in run.numbers["unread"]
    assert OTHER not in proofs_of(device)


def test_what_is_not_here_is_named(proving, both):
    both.here(both.videos[1]).unlink()
    run = proving()
    assert run.numbers["lacking"] == [both.videos[1].decode()]


@pytest.mark.parametrize("place", [1, OTHER])
def test_what_is_here_in_part_is_not_read_and_a_pull_brings_the_rest(proving, both, place):
    path = place if place == OTHER else both.videos[place]
    short = both.here(path)
    short.write_bytes(short.read_bytes()[:-1])
    run = proving()
    assert (run.state, run.numbers["differ"]) == ("succeeded", [])
    assert run.numbers["lacking"] == [path.decode()]


def test_what_was_written_just_now_waits(proving, both):
    os.utime(both.there(both.videos[2]))
    assert proving().numbers["equal"] == 4


@pytest.fixture
def by_plan(device, ask):
    """A run that the plan asked for."""
    BackupPlan.objects.create(prove_here=True, prove_gigabytes=1)

    def by_plan(**others):
        run = ask(RunKind.PROVE, trigger=RunTrigger.SCHEDULE, now=timezone.now())
        return runs.perform(run.pk, clock=timezone.now, **others)

    return by_plan


def test_a_busy_device_is_let_alone_at_night(by_plan, both, device, now):
    Experiment.objects.create(
        device=device, filename="x.db", writer="sqlite", growing=True, first_seen_at=now,
        listed_at=now,
    )  # fmt: skip
    assert by_plan().state == "waiting"


def test_a_night_has_its_measure_and_the_rest_comes_next(by_plan, both, monkeypatch):
    monkeypatch.setattr("backups.services.runs.nights.GIGABYTE", 60_000)
    nights = [by_plan().numbers for _ in range(5)]
    assert sum(night["equal"] for night in nights) == 5
    assert all(night["size_bytes"] <= 60_000 or night["equal"] == 1 for night in nights)
    left = [night["left"] for night in nights]
    assert left[0] > 0
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0


@pytest.mark.parametrize(
    ("begin", "end", "hour", "may"),
    [("20:00", "07:00", 23, True), ("20:00", "07:00", 3, True), ("20:00", "07:00", 7, False),
     ("20:00", "07:00", 12, False), ("09:00", "17:00", 12, True), ("09:00", "17:00", 17, False),
     ("08:00", "08:00", 12, True)],
)  # fmt: skip
def test_a_plan_says_when_cards_are_read(both, device, settings, begin, end, hour, may):
    settings.TIME_ZONE = "UTC"
    BackupPlan.objects.create(prove_here=True, prove_from=begin, prove_until=end)
    at = timezone.now().replace(hour=hour, minute=0) + timedelta(days=1)
    kinds = {run.kind for run in runs.plan_runs(now=at)}
    assert (RunKind.PROVE in kinds) is may


def test_a_stopped_run_keeps_what_it_has_proven(proving, both, device, monkeypatch):
    monkeypatch.setattr(prove, "STORED_AT_ONCE", 2)
    count = []
    real = prove.store_held

    def store(*args, **others):
        count.append(1)
        if len(count) > 1:
            raise OSError("killed")
        return real(*args, **others)

    monkeypatch.setattr(prove, "store_held", store)
    with pytest.raises(OSError, match="killed"):
        proving()
    assert len(proofs_of(device)) == 2
    assert RecordingLedger.objects.exists()


@pytest.fixture
def sealed(by_plan, both, monkeypatch):
    """What the first night proved, the second one finds as it was. The files of a test are young,
    and nothing here is written twice in one second without its size or time telling."""
    monkeypatch.setattr("backups.engine.card.seals.RACY_SECONDS", -2)
    monkeypatch.setattr("backups.engine.videos.scan.RACY_SECONDS", 0)
    for before in (0, 5):
        assert by_plan().numbers["equal_before"] == before
    assert ProvenFolder.objects.exclude(seal=b"").count() == 1


def put_in_place_of(here):
    here.with_name("fresh").write_bytes(b"\0\0\0\1\x67" + b"another" * 9_000)
    here.with_name("fresh").replace(here)


def rewrite(path):
    """Of the same size and time of writing: only who wrote it last tells, by the second."""
    told = int(path.stat().st_ctime)
    while int(time.time()) == told:
        time.sleep(0.02)
    flip(path)


def write_longer(path):
    path.write_bytes(path.read_bytes() + b"1")
    os.utime(path, (OLD, OLD))


SEEN = {
    "rewritten": rewrite,
    "longer": write_longer,
    "touched": lambda path: os.utime(path, (1, 1)),
    "gone": lambda path: path.unlink(),
    "another file": put_in_place_of,
    "a link": lambda path: (path.unlink(), path.symlink_to("/etc/hostname")),
    "empty": lambda path: path.write_bytes(b""),
    "renamed": lambda path: path.rename(f"{path}2"),
}


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize("side", ["there", "here"])
@pytest.mark.parametrize("what", SEEN)
def test_one_file_of_a_sealed_folder_that_is_another_is_seen(by_plan, both, side, what):
    SEEN[what](getattr(both, side)(both.videos[1]))
    assert by_plan().numbers["equal_before"] == 4


@pytest.mark.usefixtures("sealed")
def test_a_sealed_folder_is_passed_over_but_for_who_asks(by_plan, proving, both, monkeypatch):
    looked = []

    def noted(root, folder, names):
        looked.append((root, folder))
        return stamps_in(root, folder, names)

    monkeypatch.setattr(card_places, "stamps_in", noted)
    below = both.videos[0].removeprefix(b"videos/").rpartition(b"/")[0]
    folder = (both.settings.VIDEOS_DIR, below)
    assert by_plan().numbers["equal_before"] == 5
    assert folder not in looked
    assert proving().numbers["equal_before"] == 5
    assert folder in looked


@pytest.mark.usefixtures("sealed")
def test_a_file_more_ends_a_seal(by_plan, both):
    both.write(both.videos[0].replace(b"_00001.", b"_00004."), b"\0\0\0\1\x67" + b"more" * 10_000)
    told = by_plan().numbers
    assert (told["equal"], told["equal_before"]) == (1, 5)


@pytest.mark.usefixtures("sealed")
def test_old_proofs_are_made_anew_behind_a_seal(by_plan, monkeypatch):
    monkeypatch.setattr(prove, "AGAIN_SECONDS", 0)
    assert by_plan().numbers["equal"] == 5


@pytest.mark.usefixtures("sealed")
def test_a_proof_that_is_over_ends_the_seal_of_its_folder(by_plan, both, device):
    proof = proofs_of(device)[both.videos[0]]
    store_proofs(device, {both.videos[0]: structs.replace(proof, differs="another content")})
    assert not ProvenFolder.objects.exclude(seal=b"").exists()
    assert by_plan().numbers["equal"] == 1


def test_what_was_written_in_the_second_of_its_proof_is_not_sealed(by_plan, both, monkeypatch):
    """A scan could not tell whether it was written once more."""
    monkeypatch.setattr("backups.engine.card.seals.RACY_SECONDS", 1000)
    monkeypatch.setattr("backups.engine.videos.scan.RACY_SECONDS", 0)
    by_plan()
    by_plan()
    assert not ProvenFolder.objects.exclude(seal=b"").exists()
