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
        for path, problem in run.numbers.get("corrupt", {}).items():
            console.print(f"corrupt: {path}: {problem}", style="red", markup=False)
        for path, problem in run.numbers.get("busy", {}).items():
            console.print(f"not read: {path}: {problem}", style="yellow", markup=False)
        console.print(run.log.rpartition("\n")[2], markup=False)
