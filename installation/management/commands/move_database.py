"""`manage.py move_database --to URL`: all rows into another database, checked row by row."""

from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import CommandError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TimeRemainingColumn

from devices.terminal import OurCommand, PlainColumn, Terminal
from installation.moving.errors import CannotMove
from installation.moving.service import STEPS, move
from installation.moving.tables import MovedTable

TITLES = {"look": "Looking for what does not fit", "copy": "Copying", "compare": "Comparing"}


class Command(OurCommand):
    help = (
        "Move this installation from SQLite to PostgreSQL, or back. ethonode must be stopped."
        " Killed, it goes on where it was. The database of now stays as it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", required=True, help="postgres://… or sqlite:////…, empty")
        parser.add_argument("--afresh", action="store_true", help="forget what came over before")

    def handle(self, *args: Any, to: str, afresh: bool, **options: Any) -> None:
        console = Terminal()
        columns = (PlainColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeRemainingColumn(), console=console) as bars:
            shown = _Bars(bars)
            try:
                count = move(to, afresh=afresh, began=shown.begin, told=shown.show)
            except CannotMove as error:
                raise CommandError(f"Not moved: {error}") from error
        console.print(f"Moved: {count} rows, each the same on both sides. Now set, and start:")
        console.print(f"ETHONODE_DATABASE_URL={_without_password(to)}", soft_wrap=True)


class _Bars:
    """One for each step."""

    def __init__(self, bars: Progress) -> None:
        self.bars = bars
        self.tasks: dict[str, TaskID] = {}

    def begin(self, rows: int) -> None:
        self.tasks = {step: self.bars.add_task(TITLES[step], total=rows) for step in STEPS}

    def show(self, step: str, table: MovedTable, rows: int) -> None:
        title = f"{TITLES[step]}: {table.model._meta.verbose_name_plural}"
        self.bars.update(self.tasks[step], advance=rows, description=title)


def _without_password(url: str) -> str:
    password = urlsplit(url).password
    return url.replace(f":{password}@", ":…@", 1) if password else url
