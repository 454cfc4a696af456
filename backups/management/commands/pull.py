"""`manage.py pull DEVICE`: its databases and videos now, over ssh, with progress and what came."""

from argparse import ArgumentParser
from typing import Any

from backups.management.run_command import RunCommand
from backups.models import RunKind


class Command(RunCommand):
    help = "Pull a device's SQLite databases and videos over ssh now, and prove what arrived."
    kinds = (RunKind.PULL_RESULTS, RunKind.PULL_VIDEOS)

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        only = parser.add_mutually_exclusive_group()
        only.add_argument("--results", action="store_true", help="the databases only")
        only.add_argument("--videos", action="store_true", help="the videos only")

    def chosen(self, options: dict[str, Any]) -> tuple[RunKind, ...]:
        unwanted = {
            RunKind.PULL_RESULTS: options["videos"],
            RunKind.PULL_VIDEOS: options["results"],
        }
        return tuple(kind for kind in self.kinds if not unwanted[kind])
