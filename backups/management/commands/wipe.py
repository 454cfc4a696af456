"""`manage.py wipe DEVICE`: may its card be wiped? Asked now. Nothing is deleted.

Exit code 0: yes. 1: no. 2: it cannot be told. Others (3; 64: typed wrong): it was not asked.
"""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from rich.table import Table

from backups.engine.wipe import MayWipe
from backups.management.exit_codes import AnsweringCommand
from backups.management.run_command import RunCommand, device_called, performed
from backups.models import RunKind, WipeQuestion
from backups.services import runs
from backups.services.wipes import last_answer, reasons_of
from devices.terminal import Terminal

EXIT_CODES = {MayWipe.YES: 0, MayWipe.NO: 1, MayWipe.UNKNOWN: 2}


class Command(AnsweringCommand, RunCommand):
    help = "May a device's card be wiped, or one experiment on it? 0: yes. 1: no. 2: cannot tell."
    kinds = (RunKind.WIPE,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--experiment", default="", metavar="NAME", help="only this one, by its file name"
        )

    def handle(self, *args: Any, device: str, host: str, port: int, **options: Any) -> None:
        console, experiment = Terminal(), options["experiment"]
        found = device_called(device)
        run = performed(console, found, RunKind.WIPE, runs.OtherServer(host=host, port=port))
        asked = last_answer(found, experiment=experiment)
        if asked is None or run.started_at is None or asked.asked_at < run.started_at:
            why = run.error or f"{experiment}: no experiment of {found}"
            raise CommandError(f"not answered: {why}")
        _show(console, asked)
        sys.exit(EXIT_CODES[MayWipe(asked.answer)])


def _show(console: Terminal, asked: WipeQuestion) -> None:
    console.print(str(asked))
    if reasons := reasons_of(asked):
        table = Table("Item", "What lacks", "What mends it")
        for reason in reasons:
            table.add_row(reason.item, reason.lacks, reason.remedy)
        console.print(table)
