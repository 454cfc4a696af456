"""What the commands that make a backup have in common: one run in the foreground, with its bar."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from rich.progress import BarColumn, Progress, TaskID, TimeRemainingColumn
from rich.table import Table

from backups.models import Run, RunKind, RunState, RunTrigger
from backups.models.run import measure
from backups.services import runs
from devices.models import Device
from devices.terminal import OurCommand, PlainColumn, Terminal


class RunCommand(OurCommand):
    """Subclasses say which kinds of run; what each came to is shown by its own report."""

    kinds: tuple[RunKind, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("device", help="machine id, or a name that only one device has")
        parser.add_argument("--host", default="", help="in place of the device's known address")
        parser.add_argument("--port", type=int, default=0, help="of the server on the device")

    def handle(self, *args: Any, device: str, host: str, port: int, **options: Any) -> None:
        console = Terminal()
        found, server = device_called(device), runs.OtherServer(host=host, port=port)
        done = [performed(console, found, kind, server) for kind in self.chosen(options)]
        for run in done:
            _show(console, run)
        failed = [f"{run} {run.state}: {run.error}" for run in done if not _is_good(run)]
        if failed:
            raise CommandError("\n".join(failed))

    def chosen(self, options: dict[str, Any]) -> tuple[RunKind, ...]:
        return self.kinds


def _show(console: Terminal, run: Run) -> None:
    for sheet in runs.report_of(run).sheets:
        if sheet.rows:
            console.print(_table(sheet))
    lines = [f"{run}: {run.state}", run.log.rpartition("\n")[2]]
    if run.path and _is_good(run):
        lines.append(f"{run.path}: whole, as of {run.started_at:%Y-%m-%d %H:%M:%S} UTC")
    for line in lines:
        console.print(line)


def _table(sheet: runs.Sheet) -> Table:
    table = Table(*sheet.columns, title=sheet.title, title_justify="left")
    for row in sheet.rows:
        table.add_row(*row)
    return table


def _is_good(run: Run) -> bool:
    return run.state == RunState.SUCCEEDED


def device_called(word: str) -> Device:
    """By its machine id, or by a name that only one has."""
    found = Device.objects.filter(device_id=word) or Device.objects.filter(name=word)
    if len(found) != 1:
        raise CommandError(f"{word}: {'no' if not found else 'more than one'} device of this name")
    return found[0]


def performed(console: Terminal, device: Device, kind: RunKind, server: runs.OtherServer) -> Run:
    run = runs.request_run(device, kind, trigger=RunTrigger.PERSON, now=timezone.now())
    columns = (PlainColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bars:
        bar = _Bar(bars, bars.add_task("connecting", total=None))
        done = runs.perform(run.pk, clock=timezone.now, show=bar.show, server=server)
    if done is None:
        raise CommandError(f"{run}: at work in another process")
    return done


class _Bar:
    def __init__(self, bars: Progress, task: TaskID) -> None:
        self._bars, self._task = bars, task

    def show(self, progress: runs.RunProgress) -> None:
        done, total = measure(progress)
        self._bars.update(self._task, description=progress.phase, completed=done, total=total)
