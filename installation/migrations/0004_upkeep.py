"""How often the database is tidied, created once. From then on it belongs to the admin."""

from django.db import migrations

NAME, TASK, SECONDS = "Tidy the database", "installation.tasks.tidy", 6 * 3600


def create(apps, schema_editor):
    interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    tasks = apps.get_model("django_celery_beat", "PeriodicTask").objects
    every, _ = interval.objects.get_or_create(every=SECONDS, period="seconds")
    defaults = {"task": TASK, "interval": every, "expire_seconds": int(SECONDS * 0.9)}
    tasks.get_or_create(name=NAME, defaults=defaults)
    tasks.filter(name="celery.backend_cleanup").delete()  # which held the database for long


class Migration(migrations.Migration):
    dependencies = [
        ("installation", "0003_saves"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
