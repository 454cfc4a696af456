"""`manage.py mirror DEVICE`: one mirror in the foreground, with its progress and what it proved."""

from backups.management.run_command import RunCommand
from backups.models import RunKind


class Command(RunCommand):
    help = "Copy a device's MariaDB into the results folder now, and compare every table."
    kinds = (RunKind.MIRROR,)
