"""`manage.py mirror DEVICE`: one mirror in the foreground, with its progress and what it proved."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from backups.models import Run, RunKind, RunState, RunTrigger
from backups.services import runs
from devices.models import Device


class Command(BaseCommand):
    help = "Copy a device's MariaDB into the results folder now, and compare every table."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("device", help="machine id, or a name that only one device has")
        parser.add_argument("--host", default="", help="in place of the device's known address")
        parser.add_argument("--port", type=int, default=0, help="of its MariaDB")

    def handle(self, *args: Any, device: str, host: str, port: int, **options: Any) -> None:
        console = Console(file=sys.stdout)
        run = _perform(console, _device(device), runs.Server(host=host, port=port))
        console.print(_table(run))
        for finding in run.numbers.get("findings", []):
            text = f"{finding['kind']}: {finding['table']} {finding['text']}"
            console.print(text, style="yellow", markup=False)
        if run.state != RunState.SUCCEEDED:
            raise CommandError(f"{run.state}: {run.error}")
        console.print(f"{run.path}: whole, as of {run.started_at:%Y-%m-%d %H:%M:%S} UTC")


def _device(word: str) -> Device:
    found = Device.objects.filter(device_id=word) or Device.objects.filter(name=word)
    if len(found) != 1:
        raise CommandError(f"{word}: {'no' if not found else 'more than one'} device of this name")
    return found[0]


def _perform(console: Console, device: Device, server: runs.Server) -> Run:
    run = runs.request_run(device, RunKind.MIRROR, trigger=RunTrigger.PERSON, now=timezone.now())
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bars:
        bar = _Bar(bars, bars.add_task("connecting", total=None))
        done = runs.perform(run.pk, clock=timezone.now, show=bar.show, server=server)
    if done is None:
        raise CommandError(f"{device} is being mirrored by another process")
    return done


class _Bar:
    def __init__(self, bars: Progress, task: TaskID) -> None:
        self._bars, self._task = bars, task

    def show(self, told: runs.Told) -> None:
        self._bars.update(
            self._task, description=told.phase, completed=told.rows_done or 0, total=told.rows_total
        )


def _table(run: Run) -> Table:
    table = Table("Table", "Compared", "Rows here", "there", "Max key here", "there", "Share")
    for row in run.numbers.get("tables", []):
        table.add_row(
            row["table"],
            "equal" if row["equal"] else "[red]differs",
            *(str(row[key]) for key in ("rows_here", "rows_there")),
            *(str(row[key] or "-") for key in ("max_key_here", "max_key_there")),
            f"{row['windows']} of {row['windows_total']}",
        )
    return table
