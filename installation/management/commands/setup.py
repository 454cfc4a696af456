"""`manage.py setup`: whether this installation is right, check by check.

With --keys, or devices named: whether they let us in, and let them. Exit code 0: all fine.
1: something is wrong. 2: something cannot be told. Others (3; 64: typed wrong): it was not asked.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from getpass import getpass
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone
from rich.table import Table
from rich.text import Text

from backups.engine.pull.errors import KeyRefused, PasswordRefused
from backups.management.exit_codes import AnsweringCommand
from backups.management.run_command import device_called
from backups.services.runs.jobs import RunFailed
from backups.services.ssh_keys import KeyFailed, public_key, put_key, try_key
from devices.models import Device, Lifecycle
from devices.terminal import Terminal
from installation import services
from installation.answers import EXIT_CODES, SetupAnswer, Standing

AT_ONCE = 8
MOST_REFUSALS = 3  # in a row, by as many devices: the password is wrong, and is asked no further
LETS_US_IN = "it lets us in"
NOT_ASKED = "not asked: the others had refused the password"

Said = tuple[str, bool]  # what came of a device, and whether it lets us in


class Command(AnsweringCommand):
    help = (
        "Check this installation. 0: fine. 1: something is wrong. 2: something cannot be told."
        " With --keys: put our public key on devices."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("devices", nargs="*", help="only these devices' doors")
        parser.add_argument(
            "--keys",
            action="store_true",
            help="put our key on those that refuse it; their account's password is asked once",
        )

    def handle(self, *args: Any, devices: list[str], keys: bool, **options: Any) -> None:
        console = Terminal()
        if not (devices or keys):
            sys.exit(EXIT_CODES[_check_all(console)])
        sys.exit(self._doors(console, devices, keys=keys))

    def _doors(self, console: Terminal, devices: list[str], *, keys: bool) -> int:
        chosen = [device_called(word) for word in devices] or _all_devices()
        said = _knock_at_all(chosen)
        refused = [device for device in chosen if said[device] == _REFUSED]
        if keys and refused:
            self._show_key(console)
            password = _password(f"Password of {settings.SSH_USER} on {len(refused)} devices: ")
            for device, result in _put_on(refused, password):
                said[device] = result
                console.print(f"{device}: {result[0]}")
        console.print(_table(said))
        shut = sum(not is_open for _, is_open in said.values())
        if shut:
            console.print(Text(f"{shut} of {len(said)} devices do not let us in"))
        return int(shut > 0)

    def _show_key(self, console: Terminal) -> None:
        try:
            console.print(f"Our key: {public_key()}")
        except KeyFailed as error:
            raise CommandError(str(error)) from error


def _password(prompt: str) -> str:
    try:
        return getpass(prompt)
    except EOFError as error:
        raise CommandError("no password was given") from error


_REFUSED: Said = ("it does not take our key", False)


def _all_devices() -> list[Device]:
    watched = Device.objects.exclude(lifecycle=Lifecycle.RETIRED).exclude(address="")
    return list(watched.order_by("name", "device_id"))


def _knock_at_all(devices: list[Device]) -> dict[Device, Said]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(devices, pool.map(lambda one: _tried(try_key, one), devices), strict=True))


def _tried(do: Callable[[Device], None], device: Device) -> Said:
    try:
        do(device)
    except RunFailed as failed:
        return _REFUSED if failed.failure == KeyRefused.__name__ else (str(failed), False)
    return LETS_US_IN, True


def _put_on(devices: list[Device], password: str) -> Iterator[tuple[Device, Said]]:
    """One after the other, until so many in a row have refused the password."""
    refusals = 0
    for device in devices:
        if refusals >= MOST_REFUSALS:
            yield device, (NOT_ASKED, False)
            continue
        try:
            put_key(device, password=password)
        except RunFailed as failed:
            wrong = failed.failure == PasswordRefused.__name__
            refusals = refusals + 1 if wrong else refusals
            yield device, (str(failed), False)
        else:
            refusals = 0
            yield device, ("our key is there now", True)


def _table(said: dict[Device, Said]) -> Table:
    table = Table("Device", "Address", "", title="The devices' doors", title_justify="left")
    for device, (result, _) in said.items():
        table.add_row(str(device), device.address, result)
    return table


STYLES = {
    Standing.WRONG: "bold red",
    Standing.UNKNOWN: "yellow",
    Standing.OFF: "dim",
    Standing.OK: "green",
}


def _check_all(console: Terminal) -> Standing:
    now = timezone.now()
    found = services.check_setup(now=now)
    table = Table("What", "", "In words", title="Setup", title_justify="left")
    for one in services.known_answers(now=now):
        answer = one.answer
        state = Text(answer.standing, style=STYLES[answer.standing])
        table.add_row(Text(one.check.title), state, _in_words(answer))
    console.print(table)
    return found


def _in_words(answer: SetupAnswer) -> Text:
    """What a device said is never markup."""
    lines = [answer.words, *(f"  {one.name}: {one.words}" for one in answer.ones)]
    said = Text("\n".join(lines))
    if answer.line:
        said.append(f"\n$ {answer.line}", style="bold")
    return said
