"""`manage.py prove DEVICE`: read its card and our copies to their end, and compare."""

from backups.management.run_command import RunCommand
from backups.models import RunKind


class Command(RunCommand):
    help = "Hold the files of a device's card against ours by content, each read to its end."
    kinds = (RunKind.PROVE,)
