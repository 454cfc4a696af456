"""Whatever a device said: the terminal shows it, and does nothing of it."""

import io
from importlib import import_module

import pytest
from django.core.management import BaseCommand, CommandError, call_command, get_commands
from rich.progress import Progress
from rich.table import Table

from devices.terminal import OurCommand, PlainColumn, Terminal
from devices.texts import seen

HOSTILE = [
    "[/nosuch]tag",
    "[bold red]loud",
    ":warning: smile",
    "\x1b]0;title\x07\x1b[2J",
    "\u202egnp.exe",
    "a\x9bb\u2028c\x7f",
    "[link=http://x]y[/link]",
]
STEERS = set("\x1b\x07\x9b\x7f\u202e\u2028")


@pytest.fixture
def screen():
    return io.StringIO()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_only_a_text(screen, text):
    terminal = Terminal(screen)
    table = Table(text, title=text)
    table.add_row(text)
    terminal.print(text)
    terminal.print(text, style="yellow")
    terminal.print(table)
    with Progress(PlainColumn("{task.description}"), console=terminal) as bars:
        bars.add_task(text)
    assert screen.getvalue().count(seen(text)) >= 3
    assert not STEERS & set(screen.getvalue())


@pytest.mark.parametrize("text", HOSTILE)
def test_so_it_is_where_a_command_writes(screen, text):
    class Command(OurCommand):
        def handle(self, **_):
            self.stdout.write(text)
            self.stderr.write(text)

    call_command(Command(), stdout=screen, stderr=screen)
    assert screen.getvalue() == f"{seen(text)}\n" * 2


@pytest.mark.django_db
@pytest.mark.parametrize("text", HOSTILE)
def test_and_where_it_fails(capfd, text):
    def failing(*_, **__):
        raise CommandError(text)

    command = type("Command", (OurCommand,), {"handle": failing})()
    with pytest.raises(SystemExit):
        command.run_from_argv(["manage.py", "some"])
    assert not STEERS & set(capfd.readouterr().err)


OUR_APPS = {"backups", "devices", "incidents", "installation", "people"}


@pytest.mark.parametrize("name", [name for name, app in get_commands().items() if app in OUR_APPS])
def test_every_command_of_ours_is_one(name):
    module = import_module(f"{get_commands()[name]}.management.commands.{name}")
    assert issubclass(module.Command, OurCommand)
    assert OurCommand is not BaseCommand
