"""`manage.py certificate check FILE`: its signature, every copy that it names, and whether it
stands. Exit code 0 only if all is as it says.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from rich.progress import Progress

from backups.engine.errors import BackupError
from backups.services.certificate_checks import CheckedCertificate, check_certificate
from devices.terminal import OurCommand, Terminal


class Command(OurCommand):
    help = "Check a certificate: its signature (FILE.sig), and every copy that it names."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["check"])
        parser.add_argument("file", type=Path, help="the JSON; its signature is FILE.sig")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        console = Terminal()
        try:
            content = file.read_bytes()
            signature = file.with_name(f"{file.name}.sig").read_text(errors="replace")
            found = _checked(console, content, signature)
        except (OSError, BackupError) as error:
            raise CommandError(f"not checked: {error}", returncode=2) from error
        _show(console, found)
        if found.wrong:
            raise CommandError(f"{len(found.wrong)} things are not as it says")


def _checked(console: Terminal, content: bytes, signature: str) -> CheckedCertificate:
    with Progress(console=console) as bars:
        bar = bars.add_task("reading our copies", total=None)
        return check_certificate(
            content,
            signature,
            tell=lambda done, total: bars.update(bar, completed=done, total=total),
        )


def _show(console: Terminal, found: CheckedCertificate) -> None:
    if body := found.body:
        about = f"{body.number}: {body.device_name or body.device}, as of {body.listed_again_at}"
        console.print(f"{about}: {body.item_count:,} items; the signature is ours")
    for line in found.wrong:
        console.print(line)
    if not found.wrong:
        console.print("It stands: every copy that it names has the content that it had then.")
