"""What the commands that make a backup have in common: one run in the foreground, with its bar."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from backups.models import Run, RunKind, RunState, RunTrigger
from backups.models.run import measure
from backups.services import runs
from devices.models import Device


class RunCommand(BaseCommand):
    """Subclasses say which runs, and show what each came to."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("device", help="machine id, or a name that only one device has")
        parser.add_argument("--host", default="", help="in place of the device's known address")
        parser.add_argument("--port", type=int, default=0, help="of the server on the device")

    def handle(self, *args: Any, device: str, host: str, port: int, **options: Any) -> None:
        console = Console(file=sys.stdout)
        found, server = _device(device), runs.Server(host=host, port=port)
        done = [_perform(console, found, kind, server) for kind in self.kinds(options)]
        for run in done:
            self.show(console, run)
        failed = [f"{run} {run.state}: {run.error}" for run in done if not _is_good(run)]
        if failed:
            raise CommandError("\n".join(failed))

    def kinds(self, options: dict[str, Any]) -> list[RunKind]:
        raise NotImplementedError

    def show(self, console: Console, run: Run) -> None:
        raise NotImplementedError


def _is_good(run: Run) -> bool:
    return run.state == RunState.SUCCEEDED


def _device(word: str) -> Device:
    found = Device.objects.filter(device_id=word) or Device.objects.filter(name=word)
    if len(found) != 1:
        raise CommandError(f"{word}: {'no' if not found else 'more than one'} device of this name")
    return found[0]


def _perform(console: Console, device: Device, kind: RunKind, server: runs.Server) -> Run:
    run = runs.request_run(device, kind, trigger=RunTrigger.PERSON, now=timezone.now())
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bars:
        bar = _Bar(bars, bars.add_task("connecting", total=None))
        done = runs.perform(run.pk, clock=timezone.now, show=bar.show, server=server)
    if done is None:
        raise CommandError(f"{run}: at work in another process")
    return done


class _Bar:
    def __init__(self, bars: Progress, task: TaskID) -> None:
        self._bars, self._task = bars, task

    def show(self, told: runs.Told) -> None:
        done, total = measure(told)
        self._bars.update(self._task, description=told.phase, completed=done, total=total)
