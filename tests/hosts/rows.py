"""What a person would set up, whatever the hosts are for. To be used once Django is ready."""

from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from backups.models import BackupPlan
from devices.models import Device, DeviceGroup
from people.models import TokenScope
from people.tokens import make_token

LOOK_AGAIN = 90  # seconds
OFTEN = {  # seconds; else it takes a night to see an end
    "backups.tasks.take_snapshots": LOOK_AGAIN,
    "backups.tasks.start_due_runs": 20,
    "backups.tasks.reap_runs": 20,
    "incidents.tasks.watch": 30,
    "incidents.tasks.send_waiting": 20,
}


def schedule_often(*, devices: int = 0) -> None:
    """Of many devices one a second is looked at: two cores do not more, beside all else."""
    looks = {"backups.tasks.take_snapshots": max(LOOK_AGAIN, devices)}
    for task, seconds in (OFTEN | looks).items():
        every, _ = IntervalSchedule.objects.get_or_create(every=seconds, period="seconds")
        for one in PeriodicTask.objects.filter(task=task):
            one.interval, one.expire_seconds = every, int(seconds * 0.9)
            one.save()


def plan_backups(opened: Iterable[str], *, videos: int, listing: int) -> None:
    """Open devices are backed up here, so often in minutes; of all others the cards are listed."""
    minute = timedelta(minutes=1)
    group = DeviceGroup.objects.create(name="Open")
    BackupPlan.objects.create(
        group=group, mirror_here=True, mirror_every=2 * minute, pull_results_here=True,
        pull_results_every=2 * minute, pull_videos_here=True, pull_videos_every=videos * minute,
        list_card_here=True, list_card_every=listing * minute, verify_here=True,
        verify_every=10 * minute,  # no proofs: they wait while a device tracks, as these do
    )  # fmt: skip
    BackupPlan.objects.get_or_create(
        group=None, defaults={"list_card_here": True, "list_card_every": 10 * minute}
    )
    _put_into_group(group, opened)


def _put_into_group(group: DeviceGroup, device_ids: Iterable[str]) -> None:
    """Also those that nobody has told of yet."""
    now = timezone.now()
    told = {"group": group, "first_seen_at": now, "told_at": now, "told_by": "node"}
    for device_id in device_ids:
        Device.objects.update_or_create(
            device_id=device_id, defaults={"group": group}, create_defaults=told
        )


def key_of_the_admin(name: str, scope: TokenScope) -> str:
    boss = User.objects.get(username="admin")
    ends = timezone.now().date() + timedelta(days=30)
    return make_token(boss, name=name, scope=scope, ends=ends)[1]
