"""`manage.py refresh`: one whole cycle in the foreground, with its progress and what came of it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from backups import dashboard, tasks, words
from backups.engine.facts import BackupType
from backups.services import daemons, snapshots, storages
from backups.services.leases import LeaseHeld
from devices.services import NothingToAsk, refresh_devices
from devices.terminal import OurCommand, PlainColumn, Terminal


class Command(OurCommand):
    help = "Read the node, ask both services, look at every device's copies, and show the verdicts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--queue", action="store_true", help="leave the work to the workers and return at once"
        )

    def handle(self, *args: Any, queue: bool, **options: Any) -> None:
        if queue:
            tasks.refresh_all.delay()
            self.stdout.write("One refresh of everything is queued.")
            return
        console = Terminal()
        _ask(console)
        _look(console)
        console.print(_table())


def _ask(console: Terminal) -> None:
    try:
        report = refresh_devices(now=timezone.now())
    except NothingToAsk as error:
        raise CommandError(str(error)) from error
    told_by = report.source or "nobody"
    console.print(f"{report.devices} devices, told by {told_by}. {report.error}".strip())
    for problem in report.problems:
        console.print(f"  {problem}", style="yellow")
    for status in daemons.check_daemons(now=timezone.now()):
        console.print(f"{status}: {status.error or 'available'}")


def _look(console: Terminal) -> None:
    storages.place_new_devices()
    storages.look_at_own_disks(now=timezone.now())
    columns = (
        PlainColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        for device in progress.track(snapshots.devices_to_look_at(), description="Snapshots"):
            try:
                snapshots.take_snapshot(device, now=timezone.now())
            except (LeaseHeld, storages.OtherStorage) as held:
                progress.console.print(f"  {device}: {held}", style="yellow")


def _table() -> Table:
    table = Table("Device", "Verdict", *BackupType, "Why")
    now = timezone.now()
    for status in dashboard.fleet(now=now).devices:
        verdicts = [status.backups[kind].judgement.verdict for kind in BackupType]
        table.add_row(
            str(status.device), status.verdict, *verdicts, words.headline(status, now=now)
        )
    return table
