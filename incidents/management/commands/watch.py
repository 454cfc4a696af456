"""`manage.py watch`: one watch in the foreground, and whoever is to be told is told.

Beat runs it where no worker does: a dead worker is told of, too.
"""

from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from backups.services.leases import LeaseHeld
from devices.terminal import OurCommand
from incidents import services


class Command(OurCommand):
    help = "Look for problems once, and send what waits to be sent."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = services.watch(now=timezone.now())
        except LeaseHeld as held:
            raise CommandError(str(held)) from held
        sent = sum(map(_send, services.channels_due(now=timezone.now())))
        self.stdout.write(
            f"{report.opened} opened, {report.closed} over, {report.messages} messages, {sent} sent"
        )


def _send(channel_id: int) -> int:
    try:
        return services.send_due(channel_id, clock=timezone.now)
    except LeaseHeld:
        return 0
