"""Work for two workers that are restarted in turn: in a process of its own, as ethonode's account.

`python -m tests.platform.rolling SINK` asks for a verification of each of its devices and writes
message after message, until all of it is done; then it tells what became of it.
"""

import json
import os
import sys
import time
from datetime import timedelta

os.environ["DJANGO_SETTINGS_MODULE"] = "ethonode.settings"

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from backups.models import OPEN_STATES, Run, RunKind, RunTrigger  # noqa: E402
from backups.services import runs  # noqa: E402
from backups.tasks import reap_runs, start_due_runs  # noqa: E402
from devices.models import Device  # noqa: E402
from incidents.models import Channel, Delivery  # noqa: E402
from incidents.services.secrets import seal  # noqa: E402
from incidents.services.telling import store_message  # noqa: E402
from incidents.tasks import send_waiting  # noqa: E402

DEVICES = 24
MESSAGES = 20
CHUNKS = 40
LONGEST = 200.0  # seconds
# Whoever changes a run's state is seen here, whatever it says of itself.
WITNESS = (
    "CREATE TABLE seen (run INTEGER, old TEXT, new TEXT)",
    "CREATE TRIGGER see AFTER UPDATE OF state ON backups_run WHEN old.state <> new.state "
    "BEGIN INSERT INTO seen VALUES (new.id, old.state, new.state); END",
)


def begin(sink: str) -> Channel:
    with connection.cursor() as cursor:
        for statement in WITNESS:
            cursor.execute(statement)
    channel = Channel(name="sink", sort="webhook", least_severity="notice", hourly_limit=1000)
    seal(channel, sink, signing_key="key")
    channel.save()
    settings.RESULTS_DIR.mkdir(parents=True)
    for number in range(DEVICES):
        runs.request_run(
            _device(number), RunKind.VERIFY, trigger=RunTrigger.PERSON, now=timezone.now()
        )
    return channel


def _device(number: int) -> Device:
    now = timezone.now()
    told = {"first_seen_at": now, "told_at": now, "told_by": "node"}
    device = Device.objects.create(device_id=f"{number:032x}", name=f"E_{number:03d}", **told)
    folder = settings.VIDEOS_DIR / device.device_id / device.name / "2026-11-01_10-00-00"
    folder.mkdir(parents=True)
    for chunk in range(CHUNKS):
        name = f"2026-11-01_10-00-00_{device.device_id}__1920x1080@25_{chunk:05d}.h264"
        (folder / name).write_bytes(b"\0\0\0\1\x67" + os.urandom(200_000))
    return device


def go_on(channel: Channel, number: int) -> None:
    now = timezone.now()
    if number < MESSAGES:
        store_message(
            channel=channel, key=f"m-{number}", event="test", title=f"message {number}",
            body="", created_at=now, not_before=now,
        )  # fmt: skip
    paused = Run.objects.filter(state="queued", not_before__gt=now)
    paused.update(not_before=now - timedelta(seconds=1))  # a second attempt waits for no minute
    for task in (start_due_runs, send_waiting, reap_runs):
        task.delay()


def is_done() -> bool:
    open_runs = Run.objects.filter(state__in=OPEN_STATES)
    return not (open_runs.exists() or Delivery.objects.filter(state="waiting").exists())


def work(sink: str) -> dict[str, object]:
    channel, number, until = begin(sink), 0, time.monotonic() + LONGEST
    while number < MESSAGES or not is_done():
        assert time.monotonic() < until, "it is never done"
        go_on(channel, number)
        number += 1
        time.sleep(0.7)
    with connection.cursor() as cursor:
        cursor.execute("SELECT run, old, new FROM seen")
        seen = cursor.fetchall()
    ended = Run.objects.order_by("pk").values_list("device__name", "pk", "state", "error")
    return {"runs": list(ended), "seen": seen}


if __name__ == "__main__":
    print(json.dumps(work(sys.argv[1])))  # noqa: T201  for the test that started it
