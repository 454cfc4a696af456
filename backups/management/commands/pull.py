"""`manage.py pull DEVICE`: its databases and videos now, over ssh, with progress and what came."""

from argparse import ArgumentParser
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from backups.engine.byte_sizes import human_size
from backups.management.run_command import RunCommand
from backups.models import Run, RunKind


class Command(RunCommand):
    help = "Pull a device's SQLite databases and videos over ssh now, and prove what arrived."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        only = parser.add_mutually_exclusive_group()
        only.add_argument("--results", action="store_true", help="the databases only")
        only.add_argument("--videos", action="store_true", help="the videos only")

    def kinds(self, options: dict[str, Any]) -> list[RunKind]:
        wanted = {RunKind.PULL_RESULTS: not options["videos"]}
        wanted[RunKind.PULL_VIDEOS] = not options["results"]
        return [kind for kind, is_wanted in wanted.items() if is_wanted]

    def show(self, console: Console, run: Run) -> None:
        if databases := run.numbers.get("databases"):
            console.print(_databases(databases))
        if "file_count" in run.numbers:
            console.print(_videos(run.numbers))
        console.print(f"{run}: {run.state}", markup=False)


def _databases(rows: list[dict[str, Any]]) -> Table:
    table = Table("Database", "Copied", "Size", "Over the wire", "Note")
    for row in rows:
        size, wire = row.get("size_bytes"), row.get("wire_bytes")
        table.add_row(
            escape(row["filename"]),
            row["method"] if row.get("changed") else "-",
            "-" if size is None else human_size(size),
            "-" if wire is None else human_size(wire),
            escape("; ".join(filter(None, [row["note"], *row.get("remarks", [])]))),
        )
    return table


def _videos(numbers: dict[str, Any]) -> Table:
    table = Table("Files on the device", "Added", "Grown", "Newer", "Left", "Quarantined")
    names = ("file_count", "files_added", "files_grown", "newer_count", "left_count")
    counts = [str(numbers.get(name, 0)) for name in names]
    table.add_row(*counts, str(len(numbers.get("quarantined", []))))
    return table
