"""One installation of `benchmarks.growth`, in a process of its own: told to by lines of JSON.

Each line is [what, word]; each answer is one line. The first says how large its database became.
"""

import json
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

from benchmarks.measures import counted_steps
from benchmarks.pages import addresses
from benchmarks.status_endpoint import set_up
from benchmarks.time_machine import PLAIN

EVERY = timedelta(minutes=5)
A_DAY_OF_SNAPSHOTS = 288
BEFORE_THAT_DAY = timedelta(hours=26)
DATABASE = "benchmark.sqlite3"
LOOKS_BEFORE = 4  # until all that lies on the disk is known, and read
POLL = 0.001  # seconds from one try to write to the next

Answer = dict[str, Any]


def main() -> None:
    count, years, database, kept = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _kept(Path(kept) / f"{count}-{years}.sqlite3", folder / DATABASE) as is_there:
            set_up(folder, database=database)
            _prepare()
            if not is_there:
                _make(count, years)
        _say(_told(folder))
        asked = _Asked(folder)
        for line in sys.stdin:
            what, word = json.loads(line)
            _say(getattr(asked, what)(word))


def _say(answer: Any) -> None:
    print(json.dumps(answer), flush=True)


@contextmanager
def _kept(place: Path, database: Path) -> Iterator[bool]:
    """Whether it was made before, and kept; else it is, where a folder is named for that."""
    if is_there := place.is_file():
        shutil.copy(place, database)
    yield is_there
    if not is_there and place.parent != Path() and database.is_file():
        with closing(sqlite3.connect(database)) as made, closing(sqlite3.connect(place)) as copy:
            made.backup(copy)


def _prepare() -> None:
    from django.conf import settings  # noqa: PLC0415

    settings.STORAGES = {**settings.STORAGES, "staticfiles": PLAIN}
    (node,) = settings.NODES
    settings.NODES = [replace(node, daemons=dict.fromkeys(node.daemons, ""))]


def _make(count: int, years: int) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from benchmarks.growth_rows import make_installation  # noqa: PLC0415

    make_installation(count, years=years, now=timezone.now())
    User.objects.create_superuser("benchmark")


def _told(folder: Path) -> Answer:
    from django.utils import timezone  # noqa: PLC0415

    from backups.models import BackupSnapshot  # noqa: PLC0415
    from benchmarks.growth_files import lay_copies  # noqa: PLC0415

    told = {"bytes": _size(), "snapshots": BackupSnapshot.objects.count()}
    lay_copies(folder, now=timezone.now())
    return told


def _size() -> int:
    from django.db import connection  # noqa: PLC0415

    asks = {
        "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
        "postgresql": "SELECT pg_database_size(current_database())",
    }
    with connection.cursor() as cursor:
        cursor.execute(asks[connection.vendor])
        return int(cursor.fetchone()[0])


class _Asked:
    """What a line may ask for."""

    def __init__(self, folder: Path) -> None:
        from django.contrib.auth.models import User  # noqa: PLC0415
        from django.test import Client  # noqa: PLC0415

        self._folder = folder
        self._client: Any = Client(raise_request_exception=False, headers={"host": "localhost"})
        self._client.force_login(User.objects.get())

    def pages(self, _: str) -> list[str]:
        return [*addresses(), *_programs()]

    def page(self, url: str) -> Answer:
        """What its database did, and how large it is."""
        from django.db import connection  # noqa: PLC0415
        from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

        self._client.get(url, follow=True)  # from now on what every page asks once is known
        with CaptureQueriesContext(connection) as queries, counted_steps() as steps:
            answer = self._client.get(url, follow=True)
        body = b"".join(answer)
        return {
            "status": answer.status_code,
            "queries": len(queries),
            "steps": steps.hundreds,
            "bytes": len(body),
        }

    def time(self, url: str) -> float:
        """Milliseconds of the processor."""
        started = time.process_time()
        self._client.get(url, follow=True)
        return 1000 * (time.process_time() - started)

    def tasks(self, _: str) -> list[str]:
        return list(_tasks())

    def task(self, name: str) -> Answer:
        """Seconds of the processor, and how long somebody waited who wanted to write meanwhile."""
        if name == A_DAYS_THINNING:
            _take_a_day()
        work = _tasks()[name]
        if name == A_LOOK:
            self._lay_videos()
            for _ in range(LOOKS_BEFORE):
                work()
        with _Writer(self._folder / DATABASE) as writer:
            started = time.process_time()
            said = work()
            seconds = time.process_time() - started - writer.seconds
        return {"seconds": seconds, "wait": writer.longest, "said": str(said)}

    def _lay_videos(self) -> None:
        from benchmarks.growth_files import lay_videos  # noqa: PLC0415

        lay_videos(self._folder, _looked_at())

    def cycle(self, hanging: str) -> Answer:
        """One whole cycle while the node is down, and so many devices hang."""
        from benchmarks.growth_fleet import cycle  # noqa: PLC0415

        return cycle(int(hanging))


def _programs() -> Iterator[str]:
    """Lists of the API, and what else programs ask for."""
    from django.urls import reverse  # noqa: PLC0415

    from backups.api.urls import router  # noqa: PLC0415
    from devices.models import Device  # noqa: PLC0415

    for prefix, _, _ in router.registry:
        yield f"/api/v1/{prefix}/"
    yield from ("/api/v1/incidents/", "/api/v1/timeline/", "/api/v1/files/", reverse("wall"))
    yield from ("/metrics", "/backup/status")
    yield f"/device/{Device.objects.values_list('device_id', flat=True)[0]}/backup"


def _looked_at() -> Any:
    from devices.models import Device  # noqa: PLC0415

    return Device.objects.order_by("pk")[1]


A_DAYS_THINNING = "thinning of a day"
A_LOOK = "a look at one device"


def _tasks() -> dict[str, Callable[[], object]]:
    """What the clock starts, but for what asks others: that is the cycle's."""
    from django.utils import timezone  # noqa: PLC0415

    from backups.services import runs, snapshots, thinning  # noqa: PLC0415
    from incidents import services as incidents  # noqa: PLC0415
    from installation import upkeep  # noqa: PLC0415

    def now() -> Any:
        return timezone.now()

    def planned() -> object:
        made = runs.plan_runs(now=now())
        return len(made), len(runs.due_runs(slots=2, now=now()))

    def looked() -> object:
        return len(snapshots.take_snapshot(_looked_at(), now=now()))

    return {
        "thinning, the first time": lambda: thinning.thin_snapshots(now=now() - BEFORE_THAT_DAY),
        A_DAYS_THINNING: lambda: thinning.thin_snapshots(now=now()),
        "thinning again": lambda: thinning.thin_snapshots(now=now()),
        "thinning of readings": lambda: thinning.thin_card_readings(now=now()),
        "forgetting of runs": lambda: runs.forget_old_runs(now=now()),
        "results, sessions": lambda: upkeep.forget_old(now=now()),
        "tidying": upkeep.tidy_database,
        "watch": lambda: incidents.watch(now=now()),
        "watch again": lambda: incidents.watch(now=now()),
        "messages that are due": lambda: incidents.channels_due(now=now()),
        "runs planned and due": planned,
        "reaping of runs": lambda: runs.reap_runs(now=now()),
        A_LOOK: looked,
    }


def _take_a_day() -> None:
    """What three days ago was taken, each five minutes: tonight it is thinned to each hour."""
    from benchmarks.growth_rows import make_snapshots  # noqa: PLC0415

    start = timedelta(days=2, hours=1)
    make_snapshots([start + n * EVERY for n in reversed(range(A_DAY_OF_SNAPSHOTS))])


class _Writer:
    """Somebody else who wants to write, again and again, and never does."""

    def __init__(self, path: Path) -> None:
        self.longest = 0.0
        self.seconds = 0.0  # of the processor, that this took itself
        self._path = path
        self._over = Event()
        self._thread = Thread(target=self._try, daemon=True)

    def __enter__(self) -> "_Writer":
        if self._path.exists():
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread.ident:
            self._thread.join()

    def _try(self) -> None:
        with closing(sqlite3.connect(self._path, timeout=0, isolation_level=None)) as database:
            wanted = time.monotonic()
            while not self._over.wait(POLL):
                if self._begins(database):
                    self.longest = max(self.longest, time.monotonic() - wanted)
                    wanted = time.monotonic()
                self.seconds = time.thread_time()

    @staticmethod
    def _begins(database: sqlite3.Connection) -> bool:
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        database.execute("ROLLBACK")
        return True


if __name__ == "__main__":
    main()
