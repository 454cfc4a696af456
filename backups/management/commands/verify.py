"""`manage.py verify DEVICE`: read every copy of a device's data to its end."""

from typing import Any

from rich.console import Console

from backups.management.run_command import RunCommand
from backups.models import Run, RunKind


class Command(RunCommand):
    help = "Read every database copy of a device to its end, and look at each of its videos."

    def kinds(self, options: dict[str, Any]) -> list[RunKind]:
        return [RunKind.VERIFY]

    def show(self, console: Console, run: Run) -> None:
        for state, style in (("corrupt", "red"), ("empty", "red"), ("busy", "yellow")):
            for path, problem in run.numbers.get(state, {}).items():
                console.print(f"{state}: {path}: {problem}", style=style, markup=False)
        console.print(run.log.rpartition("\n")[2], markup=False)
