import django.db.models.deletion
from django.db import migrations, models

INDEX = "backups_backupsnapshot_backup_id_a3c753db"


class Migration(migrations.Migration):
    """Copies are found by their names; and an index that another one begins with goes: as a
    statement of its own, for SQLite would write the whole table anew."""

    dependencies = [("backups", "0043_runs_on_main")]

    operations = [
        migrations.AddIndex(
            model_name="resultcopy",
            index=models.Index(fields=["filename"], name="copies_by_name"),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="backupsnapshot",
                    name="backup",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="snapshots",
                        to="backups.backup",
                    ),
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    f"DROP INDEX IF EXISTS {INDEX}",
                    f"CREATE INDEX IF NOT EXISTS {INDEX} ON backups_backupsnapshot (backup_id)",
                ),
            ],
        ),
    ]
