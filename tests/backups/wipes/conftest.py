"""A whole device: a card by ssh, its own word over HTTP, and all of it proven to be here."""

import json
import os
import shutil
import time
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest
from django.utils import timezone

from backups.engine.card.proofs import ProvenFile
from backups.engine.copies import inspect
from backups.engine.copies.digests import digest_of
from backups.engine.copies.identity import fingerprint
from backups.models import ResultCopy, RunKind, WipeQuestion
from backups.services.card_proofs import store_proofs
from backups.services.proofs import store_proof, store_reading
from backups.services.results import read_results
from devices.models import Experiment
from tests.backups.runs.conftest import (  # noqa: F401  # as fixtures
    as_root,
    ask,
    card,
    database,
    do,
    experiment,
    filename,
    mariadb,
    sshd,
)
from tests.engine.pull import recorder
from tests.engine.pull.conftest import chunk, put
from tests.servers import free_port

AGO = time.time() - 3600
VIDEO = b"\0\0\0\1\x67" + b"video" * 10_000


@pytest.fixture
def now():
    """Runs are timed by the real clock."""
    return timezone.now()


@contextmanager
def speaking(told):
    """What a device says over HTTP: `told` by route, changed while it runs."""

    class Speaker(BaseHTTPRequestHandler):
        def do_GET(self):
            found = told.get(self.path)
            found = found() if callable(found) else found
            body = json.dumps(found if found is not None else {"error": "nothing"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Speaker) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def voice(device):
    """What the device says. Its address stands in `port`."""
    told = {
        "/id": {"id": device.device_id},
        f"/data/{device.device_id}": {
            "status": "stopped", "id": device.device_id, "name": device.name,
            "time": time.time(),
        },
        f"/data/databases/{device.device_id}": {"SQLite": {}, "MariaDB": {}},
    }  # fmt: skip
    with speaking(told) as port:
        yield SimpleNamespace(told=told, port=port)


@pytest.fixture
def world(card, voice, device, settings):  # noqa: F811
    """An ended experiment, a recording, and a file of another kind; all of it is proven here."""
    device.address = f"127.0.0.1:{voice.port}"
    device.save()
    settings.MYSQL_PORT = free_port()
    settings.CERTIFICATE_KEY_FILE = card.with_name("certificates") / "key"
    found = World(card, voice, device, settings)
    found.fill()
    found.prove()
    return found


class World:
    def __init__(self, card, voice, device, settings):  # noqa: F811
        self.card, self.voice, self.device, self.settings = card, voice, device, settings
        place = Path(device.device_id, "ETHOSCOPE_019", "2026-01-02_03-04-05")
        self.name = f"2026-01-02_03-04-05_{device.device_id}.db"
        self.database = card / "results" / place / self.name
        self.copy = settings.RESULTS_DIR / place / self.name
        self.chunks = [card / "videos" / device.device_id / chunk(n) for n in (1, 2, 3)]
        self.ours = [settings.VIDEOS_DIR / device.device_id / chunk(n) for n in (1, 2, 3)]
        self.other = card / "upload" / "images" / "arena.png"
        self.its_copy = settings.CARDS_DIR / device.device_id / "upload" / "images" / "arena.png"

    def fill(self):
        self.database.parent.mkdir(parents=True)
        connection = recorder.begin(self.database)
        connection.execute("INSERT INTO METADATA VALUES ('stop_date_time', '1767330000.5')")
        connection.close()
        os.utime(self.database, (AGO, AGO))
        put(self.copy, self.database.read_bytes())
        for there, here in zip(self.chunks, self.ours, strict=True):
            content = VIDEO + there.name.encode()
            put(there, content, at=AGO)
            put(here, content)
        put(self.other, b"png" * 100, at=AGO)
        put(self.its_copy, b"png" * 100)

    def prove(self):
        """As a pull and a reading of both sides leave it."""
        now = timezone.now()
        read_results(self.device, now=now)
        store_proof(
            self.device, self.copy.relative_to(self.settings.RESULTS_DIR),
            fingerprint=fingerprint(self.copy), whole=True, proven_at=now, now=now,
            source_mark=self.mark,
        )  # fmt: skip
        found = inspect(self.copy, latest=now + timedelta(days=1), deeply=True)
        digest = digest_of(self.copy, stop=lambda: False).blake2b
        store_reading(ResultCopy.objects.get(), found, digest=digest, now=timezone.now())
        for pair in [*zip(self.chunks, self.ours, strict=True), (self.other, self.its_copy)]:
            self.prove_file(*pair)

    def prove_file(self, there, here, **facts):
        store_proofs(self.device, dict([self.proven(there, here, **facts)]))

    def proven(self, there, here, **facts):
        """Both sides of a file were read just now, and are equal."""
        found, ours = there.stat(), digest_of(here, stop=lambda: False)
        at = int(time.time())
        roots = {"videos": self.settings.VIDEOS_DIR, "cards": self.settings.CARDS_DIR}
        root = next(name for name, path in roots.items() if here.is_relative_to(path))
        proof = ProvenFile(**{
            "mark": (found.st_size, found.st_mtime_ns, found.st_ctime_ns),
            "place": os.fsencode(f"{root}/{here.relative_to(roots[root])}").decode("latin-1"),
            "ours": ours.stamp, "digest": ours.blake2b, "proven_at": at, "read_at": at,
        } | facts)  # fmt: skip
        return os.fsencode(there.relative_to(self.card)), proof

    @property
    def mark(self):
        """As a pull marks the device's database."""
        found = self.database.stat()
        times = (found.st_mtime_ns, found.st_ctime_ns)
        told = ":".join(f"{time // 10**9}.{time % 10**9:09}" for time in times)
        return f"{found.st_size}:{told}:{found.st_ino}"

    def told(self, **facts):
        self.voice.told[f"/data/{self.device.device_id}"] |= facts

    def experiment(self, **facts):
        words = {"device": self.device, "writer": "sqlite", "filename": self.name} | facts
        now = timezone.now()
        return Experiment.objects.create(**{"first_seen_at": now, "listed_at": now} | words)

    def renew(self, path, content, *, at=AGO):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (at, at))

    def forget(self, path):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.fixture
def may_wipe(do):  # noqa: F811
    """Ask, and give what was answered: of the whole card."""

    def asked(**others):
        run = do(RunKind.WIPE, **others)
        question = WipeQuestion.objects.get(experiment="")
        question.run = run
        return question

    return asked
