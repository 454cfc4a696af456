"""`manage.py mirror DEVICE`: one mirror in the foreground, with its progress and what it proved."""

from typing import Any

from rich.console import Console
from rich.table import Table

from backups.management.run_command import RunCommand
from backups.models import Run, RunKind, RunState


class Command(RunCommand):
    help = "Copy a device's MariaDB into the results folder now, and compare every table."

    def kinds(self, options: dict[str, Any]) -> list[RunKind]:
        return [RunKind.MIRROR]

    def show(self, console: Console, run: Run) -> None:
        console.print(_table(run))
        for finding in run.numbers.get("findings", []):
            text = f"{finding['kind']}: {finding['table']} {finding['text']}"
            console.print(text, style="yellow", markup=False)
        if run.state == RunState.SUCCEEDED:
            console.print(f"{run.path}: whole, as of {run.started_at:%Y-%m-%d %H:%M:%S} UTC")


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
