"""When storages are asked whether they live, created once. From then on it belongs to the admin."""

from django.db import migrations


def create(apps, schema_editor):
    interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    periodic_task = apps.get_model("django_celery_beat", "PeriodicTask")
    every, _ = interval.objects.get_or_create(every=60, period="seconds")
    periodic_task.objects.get_or_create(
        name="Ask storages",
        defaults={"task": "backups.tasks.ask_storages", "interval": every, "expire_seconds": 54},
    )


class Migration(migrations.Migration):
    dependencies = [
        ("backups", "0037_storages"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
