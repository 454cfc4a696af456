"""`manage.py verify DEVICE`: read every copy of a device's data to its end."""

from backups.management.run_command import RunCommand
from backups.models import RunKind


class Command(RunCommand):
    help = "Read a device's copies here to their end: every database, and as many videos as fit."
    kinds = (RunKind.VERIFY,)
