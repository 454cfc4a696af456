"""Backup daemons are called daemons. Rows, permissions and the schedule keep what they had."""

from django.db import migrations, models

DAEMONS = [("mysql", "MySQL mirror"), ("rsync", "rsync")]
ACTIONS = ("add", "change", "delete", "view", "check")


def rename_permissions(apps, old, new):
    """Before the new ones would be made: who may do something still may."""
    permission = apps.get_model("auth", "Permission")
    content_type = apps.get_model("contenttypes", "ContentType")
    # Renamed already (RenameModel's own operation), but by an order that is not promised.
    kinds = content_type.objects.filter(app_label="backups", model__in=(old, new))
    for action in ACTIONS:
        permission.objects.filter(content_type__in=kinds, codename=f"{action}_{old}").update(
            codename=f"{action}_{new}"
        )


def rename_task(apps, old, new):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(task=old).update(task=new)


def forwards(apps, schema_editor):
    rename_permissions(apps, "servicestatus", "daemonstatus")
    rename_task(apps, "backups.tasks.check_services", "backups.tasks.check_daemons")


def backwards(apps, schema_editor):
    rename_permissions(apps, "daemonstatus", "servicestatus")
    rename_task(apps, "backups.tasks.check_daemons", "backups.tasks.check_services")


class Migration(migrations.Migration):
    dependencies = [
        ("backups", "0006_pulls_and_proofs"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [
        migrations.RemoveConstraint("claim", "one_claim_per_service"),
        migrations.RenameModel("ServiceStatus", "DaemonStatus"),
        migrations.RenameField("daemonstatus", "service", "daemon"),
        migrations.RenameField("claim", "service", "daemon"),
        migrations.AlterField(
            "daemonstatus",
            "daemon",
            models.CharField("service", choices=DAEMONS, max_length=10, unique=True),
        ),
        migrations.AlterField(
            "claim", "daemon", models.CharField("service", choices=DAEMONS, max_length=10)
        ),
        migrations.AlterModelOptions(
            "daemonstatus",
            {
                "ordering": ["daemon"],
                "permissions": [("check_daemonstatus", "Can ask a service for its status")],
                "verbose_name": "service",
            },
        ),
        migrations.AlterModelOptions("claim", {"ordering": ["device", "daemon"]}),
        migrations.AddConstraint(
            "claim",
            models.UniqueConstraint(fields=("device", "daemon"), name="one_claim_per_daemon"),
        ),
        migrations.RunPython(forwards, backwards),
    ]
