"""`manage.py scan_videos`: scan the videos of one device or of all; show what the cache saved."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from rich.progress import (
    BarColumn,
    Progress,
    TimeRemainingColumn,
)
from rich.table import Table

from backups.engine.videos.facts import ScanResult, VideosUnreadable
from backups.engine.videos.folder import VideoCache
from backups.models import Recording
from backups.services.storages import OtherStorage
from backups.services.videos import scan_videos
from devices.models import Device, Lifecycle
from devices.terminal import OurCommand, PlainColumn, Terminal


class Shown:
    """The bar: folders of those known, and the counts beside it."""

    def __init__(self, progress: Progress, devices: list[Device]) -> None:
        known = Recording.objects.filter(device__in=devices).count()
        # Above the recordings each device has two folders: its own and the one with its name.
        total = known + 2 * len(devices)
        self.progress = progress
        self.task = progress.add_task("Videos", total=total, counts="")
        self.files = self.cached = self.looked_at = self.done = 0
        self.device_count = len(devices)

    def begin(self, device: Device) -> None:
        self.done += 1
        description = f"{device} ({self.done} of {self.device_count})"
        self.progress.update(self.task, description=description)

    def folder(self, files: int) -> None:
        self.files += files
        self.progress.advance(self.task)

    def end(self, result: ScanResult) -> None:
        self.cached += result.cached_count
        self.looked_at += result.fresh_count
        counts = f"{self.files:,} files, {_percent(self.cached, self.looked_at)} from the cache"
        self.progress.update(self.task, counts=counts)


class Command(OurCommand):
    help = "Scan the video folders of all devices that are not retired, or of one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--device", metavar="ID", help="only this machine id")
        parser.add_argument(
            "--rebuild", action="store_true", help="look at every file, whatever the cache says"
        )

    def handle(self, *args: Any, device: str | None, rebuild: bool, **options: Any) -> None:
        console = Terminal()
        devices = _devices(device)
        with _progress(console) as progress:
            results = list(_scanned(devices, Shown(progress, devices), rebuild=rebuild))
        console.print(_table(results))
        if len(results) < len(devices) or any(result.errors for _, result in results):
            raise CommandError("Some videos could not be read: see above.")


def _devices(device_id: str | None) -> list[Device]:
    if device_id is None:
        return list(Device.objects.exclude(lifecycle=Lifecycle.RETIRED))
    devices = list(Device.objects.filter(device_id=device_id))
    if not devices:
        raise CommandError(f"There is no device {device_id!r}.")
    return devices


def _scanned(
    devices: list[Device], shown: Shown, *, rebuild: bool
) -> Iterator[tuple[Device, ScanResult]]:
    say = shown.progress.console.print
    for device in devices:
        shown.begin(device)
        try:
            result = scan_videos(device, now=timezone.now(), rebuild=rebuild, progress=shown.folder)
        except (VideosUnreadable, OtherStorage) as error:
            say(f"{device}: {error}", style="red")
            continue
        shown.end(result)
        for problem in filter(None, (result.cache_problem, *result.errors)):
            say(f"{device}: {problem}", style="yellow")
        yield device, replace(result, cache=VideoCache())  # its names are no longer needed


def _progress(console: Terminal) -> Progress:
    return Progress(
        PlainColumn("{task.description}"),
        BarColumn(),
        PlainColumn("{task.completed} folders"),
        PlainColumn("{task.fields[counts]}"),
        TimeRemainingColumn(),
        console=console,
    )


def _table(results: list[tuple[Device, ScanResult]]) -> Table:
    table = Table(show_footer=len(results) > 1)
    table.add_column("Device", footer="All", overflow="fold")
    columns: dict[str, Callable[[ScanResult], int]] = {
        "Chunks": lambda result: result.chunk_count,
        "Hits": lambda result: result.cached_count,
        "Fresh": lambda result: result.fresh_count,
        "Folders": lambda result: result.folder_count,
        "Listed": lambda result: result.listed_folder_count,
        "Calls saved": lambda result: result.saved_call_count,
    }
    for name, count in columns.items():
        table.add_column(name, footer=f"{sum(count(r) for _, r in results):,}", justify="right")
    seconds = sum(result.seconds for _, result in results)
    table.add_column("Seconds", footer=f"{seconds:.3f}", justify="right")
    for device, result in results:
        counts = [f"{count(result):,}" for count in columns.values()]
        table.add_row(str(device), *counts, f"{result.seconds:.3f}")
    return table


def _percent(cached: int, looked_at: int) -> str:
    total = cached + looked_at
    return f"{cached / total:.1%}" if total else "-"
