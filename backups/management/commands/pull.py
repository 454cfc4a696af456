"""`manage.py pull DEVICE`: its databases, videos and other files now, over ssh, with progress."""

from argparse import ArgumentParser
from typing import Any

from backups.management.run_command import RunCommand
from backups.models import RunKind


class Command(RunCommand):
    help = "Pull a device's SQLite databases, videos and other files over ssh now."
    kinds = (RunKind.PULL_RESULTS, RunKind.PULL_VIDEOS, RunKind.PULL_FILES)

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        only = parser.add_mutually_exclusive_group()
        only.add_argument("--results", action="store_true", help="the databases only")
        only.add_argument("--videos", action="store_true", help="the videos only")
        only.add_argument("--files", action="store_true", help="the card's other files only")

    def chosen(self, options: dict[str, Any]) -> tuple[RunKind, ...]:
        asked = {
            RunKind.PULL_RESULTS: options["results"],
            RunKind.PULL_VIDEOS: options["videos"],
            RunKind.PULL_FILES: options["files"],
        }
        return tuple(kind for kind in self.kinds if asked[kind] or not any(asked.values()))
