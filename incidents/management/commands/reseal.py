"""`manage.py reseal`: keep the addresses of channels under the newest secret key.

For when the key is changed: the old one is a fallback until this has run.
"""

from typing import Any

from devices.terminal import OurCommand
from incidents.models import Channel
from incidents.services.secrets import Unreadable, sealed_anew


class Command(OurCommand):
    help = "Encrypt the addresses of all channels under the newest secret key."

    def handle(self, *args: Any, **options: Any) -> None:
        for channel in Channel.objects.exclude(sealed=""):
            try:
                sealed = sealed_anew(channel)
            except Unreadable as error:
                self.stderr.write(f"{channel}: {error}")
                continue
            Channel.objects.filter(pk=channel.pk).update(sealed=sealed)
            self.stdout.write(f"{channel}: done")
