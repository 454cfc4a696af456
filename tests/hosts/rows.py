"""What a person would set up, whatever the hosts are for. To be used once Django is ready."""

from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from devices.models import Device, DeviceGroup
from people.models import TokenScope
from people.tokens import make_token

OFTEN = {  # seconds; else it takes a night to see an end
    "backups.tasks.take_snapshots": 90,
    "backups.tasks.start_due_runs": 20,
    "backups.tasks.reap_runs": 20,
    "incidents.tasks.watch": 30,
    "incidents.tasks.send_waiting": 20,
}


def schedule_often() -> None:
    for task, seconds in OFTEN.items():
        every, _ = IntervalSchedule.objects.get_or_create(every=seconds, period="seconds")
        for one in PeriodicTask.objects.filter(task=task):
            one.interval, one.expire_seconds = every, int(seconds * 0.9)
            one.save()


def put_into_group(group: DeviceGroup, device_ids: Iterable[str]) -> None:
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
