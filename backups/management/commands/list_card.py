"""`manage.py list_card DEVICE`: what its card holds now, as the card itself shows it."""

from backups.management.run_command import RunCommand
from backups.models import RunKind


class Command(RunCommand):
    help = "List a device's card over ssh: every file, and the rows of each database."
    kinds = (RunKind.LIST_CARD,)
