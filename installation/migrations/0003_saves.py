"""How often ethonode's own state is saved, created once. From then on it belongs to the admin."""

from django.db import migrations

NAME, TASK, SECONDS = "Save ethonode's own state", "installation.tasks.save_state", 24 * 3600


def create(apps, schema_editor):
    interval = apps.get_model("django_celery_beat", "IntervalSchedule")
    daily, _ = interval.objects.get_or_create(every=SECONDS, period="seconds")
    apps.get_model("django_celery_beat", "PeriodicTask").objects.get_or_create(
        name=NAME,
        defaults={"task": TASK, "interval": daily, "expire_seconds": SECONDS // 2},
    )


class Migration(migrations.Migration):
    dependencies = [("installation", "0002_schedule")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
