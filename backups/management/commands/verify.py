"""`manage.py verify DEVICE`: read every copy of a device's data to its end."""

from backups.management.run_command import RunCommand
from backups.models import RunKind


class Command(RunCommand):
    help = "Read every database copy of a device to its end, and look at each of its videos."
    kinds = (RunKind.VERIFY,)
