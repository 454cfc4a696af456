"""A right to take lists along as files."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("devices", "0005_words_experiments")]
    operations = [
        migrations.AlterModelOptions(
            name="device",
            options={
                "ordering": ["name", "device_id"],
                "permissions": [
                    ("refresh_device", "Can ask for a refresh of a device"),
                    ("export_lists", "Can take lists along as CSV or XLSX"),
                ],
            },
        ),
    ]
