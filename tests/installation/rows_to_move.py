"""Fill the tables of the environment with rows of all sorts: a process of test_move."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "ethonode.settings"

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.utils import timezone  # noqa: E402
from knox.models import AuthToken  # noqa: E402

from backups.models import OtherFile  # noqa: E402
from benchmarks import page_rows  # noqa: E402
from benchmarks.fleet_rows import make_fleet  # noqa: E402
from benchmarks.time_machine import fill_history  # noqa: E402
from incidents.models import Channel, Incident  # noqa: E402

SNAPSHOTS = 200_000  # of 200 devices; of six, some pages: whoever kills a move finds it there
NAMES = ("é", "Z", "a", "\U0001f99f", "x" * 400)  # that two databases sort by different rules


def main() -> None:
    now = timezone.now()
    devices = make_fleet(6, now=now)
    page_rows.make_experiments(devices, 30, now=now)
    page_rows.make_recordings(devices, 2, now=now)
    page_rows.make_runs(devices, 30, now=now)
    fill_history(SNAPSHOTS)
    for name in NAMES:
        OtherFile.objects.create(
            device=devices[0], name=name, path=name.encode() + b"\xff\0", size_bytes=2**62,
            mark=[None, 1.5, {"é": True}], first_seen_at=now,
        )  # fmt: skip
        AuthToken.objects.create(User.objects.create_user(name[:20], password="of no use"))
    about = {"kind": "node", "severity": "urgent", "first_seen_at": now}
    later = Incident.objects.create(key="follows", **about)
    later.root = Incident.objects.create(key="root", **about)
    later.save()
    channel = Channel.objects.create(name="sink", sort="web", least_severity="notice")
    channel.groups.add(devices[1].group)


if __name__ == "__main__":
    main()
