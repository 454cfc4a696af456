"""Limits that hold until a person sets others."""

from django.db import migrations

from backups.models.policy import DEFAULT_LIMITS


def create(apps, schema_editor):
    policy = apps.get_model("backups", "Policy")
    for backup_type, limits in DEFAULT_LIMITS.items():
        policy.objects.create(
            backup_type=backup_type.value,
            max_age=limits.max_age,
            grace=limits.grace,
            evidence_ttl=limits.evidence_ttl,
        )


class Migration(migrations.Migration):
    dependencies = [("backups", "0001_initial")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
