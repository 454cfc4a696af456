"""How often what waits is sent, created once. From then on it belongs to the admin."""

from django.db import migrations

SCHEDULE = {  # name: (task, seconds)
    "Send messages": ("incidents.tasks.send_waiting", 60),
}


def create(apps, schema_editor):
    interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    periodic_task = apps.get_model("django_celery_beat", "PeriodicTask")
    for name, (task, seconds) in SCHEDULE.items():
        every, _ = interval.objects.get_or_create(every=seconds, period="seconds")
        periodic_task.objects.get_or_create(
            name=name,
            defaults={"task": task, "interval": every, "expire_seconds": int(seconds * 0.9)},
        )


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0002_schedule"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
