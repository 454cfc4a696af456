"""Commands whose exit code is their answer: 0, 1 or 2. What went wrong before has other codes."""

import os
from typing import Any

from django.core.management.base import CommandError, CommandParser

from devices.terminal import OurCommand

NOT_ASKED = 3
BAD_USAGE = os.EX_USAGE  # 64; argparse would end with 2, which is an answer here


class AnsweringCommand(OurCommand):
    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        end = parser.exit
        parser.exit = lambda status=0, message=None: end(  # type: ignore[method-assign]
            BAD_USAGE if status == 2 else status, message
        )
        return parser

    def execute(self, *args: Any, **options: Any) -> Any:
        """Django ends with 1 after an error: here that would be an answer."""
        try:
            return super().execute(*args, **options)
        except CommandError as error:
            error.returncode = NOT_ASKED
            raise
