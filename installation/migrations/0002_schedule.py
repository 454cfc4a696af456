"""How often the installation is checked, created once. From then on it belongs to the admin."""

from django.db import migrations

NAME, TASK, SECONDS = "Check the installation", "installation.tasks.check_setup", 6 * 3600


def create(apps, schema_editor):
    interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    every, _ = interval.objects.get_or_create(every=SECONDS, period="seconds")
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={"task": TASK, "interval": every, "expire_seconds": int(SECONDS * 0.9)},
    )


class Migration(migrations.Migration):
    dependencies = [
        ("installation", "0001_answers"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
