"""`manage.py save_state`: ethonode's own database and keys into one folder, while all runs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from rich.table import Table

from backups.engine.byte_sizes import human_size
from devices.terminal import OurCommand, Terminal
from installation.own_state import SaveFailed, save_state, saved
from installation.own_state.errors import RestoreFailed


class Command(OurCommand):
    help = "Save ethonode's own database and keys, and read them back. No other save goes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, help="another folder than ETHONODE_SAVES_DIR")
        parser.add_argument("--list", action="store_true", help="only say which there are")

    def handle(self, *args: Any, to: Path | None, list: bool, **options: Any) -> None:
        folder = to.absolute() if to else None
        if list:
            Terminal().print(_table(folder))
            return
        try:
            made = save_state(now=timezone.now(), why="by hand", folder=folder)
        except SaveFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made.folder}  ({human_size(made.size_bytes)}, read to its end)")


def _table(folder: Path | None) -> Table:
    table = Table("Made (UTC)", "Size", "Why", "Folder")
    for save in saved(now=timezone.now(), folder=folder):
        try:
            why = save.about().why
        except RestoreFailed as error:
            why = str(error)
        made = f"{save.made_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(made, human_size(save.size_bytes), why, str(save.folder))
    return table
