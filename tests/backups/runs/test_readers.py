"""People load copies while runs replace them: nobody meets an error or half a file, and nobody's
reading ends a proof."""

import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from threading import Condition, Thread

import pytest
from django.utils import timezone

from backups.models import ResultCopy, RunKind
from backups.services.snapshots import take_snapshot
from tests.backups.runs.test_prove_run import both, proving  # noqa: F401  fixtures
from tests.backups.runs.test_pull_results_run import listed, place_of
from tests.engine.pull import recorder
from tests.loader import READ_ONLY, load_roi

pytestmark = pytest.mark.django_db
ROUNDS = 6


class Reader(Thread):
    """Loads one file again and again, and keeps what it loaded, and what went wrong."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.loaded, self.wrong = path, [], []
        self.ends, self.news = False, Condition()

    def run(self):
        while not self.ends:
            try:
                found = load_roi(self.path, 1)
            except Exception as error:  # noqa: BLE001  any at all
                self.wrong.append(error)
                self.ends = True
            with self.news:
                self.loaded.append(found)
                self.news.notify_all()

    def wait_for_one_more(self):
        """That began after this was asked."""
        with self.news:
            least = len(self.loaded) + 2
            assert self.news.wait_for(lambda: self.ends or len(self.loaded) >= least, timeout=60)


@contextmanager
def reading(path):
    readers = [Reader(path) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        yield readers
    finally:
        for reader in readers:
            reader.ends = True
            reader.join(60)
    assert [reader.wrong for reader in readers] == [[], []]


@pytest.fixture
def pulled(card, device, do, now, settings):
    """A database that grows on a device, and what brings it here."""
    experiment = listed(device, now=now, growing=True)
    there = place_of(card / "results", device, experiment)
    there.parent.mkdir(parents=True)
    with closing(recorder.begin(there)) as writer:
        yield Growing(
            place_of(settings.RESULTS_DIR, device, experiment),
            lambda: recorder.write(writer, 100),
            lambda: do(RunKind.PULL_RESULTS),
            _is_of_one_moment,
        )


@pytest.fixture
def mirrored(database, copy, experiment, do):
    numbers = iter(range(100, 10_000, 50))

    def grow():
        first = next(numbers) + 1
        database.track(1, first=first, last=first + 49)

    return Growing(copy, grow, do, _is_no_part)


class Growing:
    def __init__(self, path, grow, bring, check):
        self.path, self.grow, self._bring, self.check = path, grow, bring, check

    def try_to_bring(self):
        """Who keeps open what is in WAL mode keeps a mirror, which writes in place, from it."""
        run = self._bring()
        assert run.state == "succeeded" or "database is locked" in run.error

    def bring(self):
        run = self._bring()
        assert (run.state, run.error) == ("succeeded", "")


def _is_of_one_moment(loaded):
    assert loaded.mapped[0][1] == len(loaded.rows)


def _is_no_part(loaded):
    """The mirror adds in place: a later question may see more, but never part of an addition."""
    assert len(loaded.rows) % 50 == 0


@pytest.fixture(params=["pulled", "mirrored"])
def growing(request):
    return request.getfixturevalue(request.param)


def whole_as_of(device):
    take_snapshot(device, now=timezone.now())
    return ResultCopy.objects.get().whole_as_of


@pytest.mark.by_turns
def test_readers_meet_whole_copies_while_runs_replace_them(growing, device):
    growing.bring()
    with reading(growing.path) as readers:
        for _ in range(ROUNDS):
            for reader in readers:
                reader.wait_for_one_more()
            growing.grow()
            growing.bring()
        for reader in readers:
            reader.wait_for_one_more()
    for reader in readers:
        counts = [len(loaded.rows) for loaded in reader.loaded]
        assert counts == sorted(counts)
        assert len(set(counts)) > 1
        for loaded in reader.loaded:
            growing.check(loaded)
    assert whole_as_of(device)


def put_into_wal_mode(path):
    """As the node's own programs leave it."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = WAL")


@pytest.mark.parametrize("spoil", [lambda path: None, put_into_wal_mode], ids=["ours", "in WAL"])
def test_who_reads_while_the_copy_is_replaced_reads_on_and_spoils_nothing(growing, device, spoil):
    """It closes last, and SQLite then removes by name what it made beside the file of before."""
    growing.bring()
    spoil(growing.path)
    growing.grow()
    growing.check(load_roi(growing.path, 1, meanwhile=growing.try_to_bring))
    growing.bring()
    before = whole_as_of(device)
    assert before
    growing.check(load_roi(growing.path, 1))
    assert whole_as_of(device) == before
    assert [path.name for path in growing.path.parent.glob("*.db-*")] == []


@pytest.mark.parametrize("how", READ_ONLY)
def test_a_read_only_mount_shows_whole_copies_too_while_they_are_replaced(pulled, how):
    """There it reads without locks: what a pull brings has to come as another file."""
    pulled.bring()
    for _ in range(3):
        pulled.grow()
        _is_of_one_moment(load_roi(pulled.path, 1, meanwhile=pulled.bring, how=how))


READS = (
    "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], uri=True); "
    "c.execute('SELECT COUNT(*) FROM ROI_1').fetchone(); "
)
ENDS = {"closes": "c.close()", "is killed": "os.kill(os.getpid(), 9)"}


@pytest.mark.parametrize("ends", ENDS.values(), ids=ENDS.keys())
@pytest.mark.parametrize("mode", ["rw", "ro"])
def test_reading_a_proven_copy_ends_no_proof(proving, both, device, do, ends, mode):  # noqa: F811
    """A copy that is the card's file byte by byte is in WAL mode, as the device left it."""
    assert proving().numbers["equal"] == 5
    before = whole_as_of(device)
    path = both.here(both.database)
    words = [sys.executable, "-c", READS + ends, f"file:{path}?mode={mode}"]
    subprocess.run(words, check=False)
    assert whole_as_of(device) == before
    again = proving()
    assert (again.numbers["equal"], again.numbers["equal_before"]) == (0, 5)
    run = do(RunKind.VERIFY)
    assert (run.state, run.error) == ("succeeded", "")
    assert whole_as_of(device) == before


def test_writing_it_does(proving, both, device):  # noqa: F811
    proving()
    path = both.here(both.database)
    code = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
        "c.execute('UPDATE ROI_1 SET t = 0'); c.commit(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert whole_as_of(device) is None
