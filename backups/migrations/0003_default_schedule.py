"""The default schedule, created once. From then on it belongs to the admin."""

from django.db import migrations

SCHEDULE = {  # name: (task, seconds)
    "Refresh devices": ("devices.tasks.refresh_devices", 120),
    "Read SD cards": ("devices.tasks.read_cards", 3600),
    "Check services": ("backups.tasks.check_services", 60),
    "Take snapshots": ("backups.tasks.take_snapshots", 300),
    "Thin snapshots": ("backups.tasks.thin_snapshots", 24 * 3600),
}


def create(apps, schema_editor):
    interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    periodic_task = apps.get_model("django_celery_beat", "PeriodicTask")
    for name, (task, seconds) in SCHEDULE.items():
        every, _ = interval.objects.get_or_create(every=seconds, period="seconds")
        periodic_task.objects.get_or_create(
            name=name,
            defaults={
                "task": task,
                "interval": every,
                "expire_seconds": int(seconds * 0.9),  # a stopped worker finds no backlog
            },
        )


class Migration(migrations.Migration):
    dependencies = [
        ("backups", "0002_default_policies"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
