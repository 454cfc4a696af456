"""The policies that ethonode came with were made without a history: what was before the first
change of one is known by it."""

from django.db import migrations
from django.utils import timezone


def begin(apps, schema_editor):
    policies = apps.get_model("backups", "Policy")
    history = apps.get_model("backups", "HistoricalPolicy")
    names = [field.attname for field in policies._meta.concrete_fields]
    history.objects.bulk_create(
        history(
            **{name: getattr(row, name) for name in names},
            history_type="+",
            history_date=timezone.now(),
            history_change_reason="as ethonode came with it",
        )
        for row in policies.objects.exclude(pk__in=history.objects.values("id"))
    )


class Migration(migrations.Migration):
    dependencies = [("backups", "0033_proven_folder_seals")]
    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
