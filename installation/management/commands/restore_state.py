"""`manage.py restore_state SAVE`: bring ethonode's own state back, while it is stopped."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from devices.terminal import OurCommand
from installation.own_state import restore
from installation.own_state.errors import StateError
from installation.own_state.saves import save_at


class Command(OurCommand):
    help = "Bring a save of `save_state` back. All of it is checked first; what is there is saved."
    requires_system_checks = ()  # there may be no database yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("save", type=Path, help="a folder that save_state made")

    def handle(self, *args: Any, save: Path, **options: Any) -> None:
        try:
            for line in restore(save_at(save.absolute()), now=timezone.now()):
                self.stdout.write(line)
        except StateError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Now start ethonode again.")
