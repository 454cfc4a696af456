"""`manage.py setup` and `manage.py wipe`: the exit code is the answer."""

import pytest
from django.core.management import call_command

from backups.management.commands import wipe
from devices.models import Device
from incidents.models import Channel
from installation.management.commands import setup
from tests.servers import free_port


def code_of(*words):
    with pytest.raises(SystemExit) as ended:
        call_command(*words)
    return ended.value.code


@pytest.mark.django_db
def test_0_where_all_is_fine(healthy, capfd):
    assert code_of("setup") == 0
    assert "Results folder" in capfd.readouterr().out


@pytest.mark.django_db
def test_1_where_something_is_wrong_and_the_line_to_type(healthy, capfd):
    (healthy.VAR_DIR / "secret_key").chmod(0o644)
    Channel.objects.update(last_sent_at=None)  # what cannot be told is not worse than wrong
    assert code_of("setup") == 1
    assert "chmod 600" in capfd.readouterr().out


@pytest.mark.django_db
def test_2_where_something_cannot_be_told(healthy):
    healthy.SSH_PORT = free_port()
    assert code_of("setup") == 2


@pytest.mark.django_db
def test_names_of_devices_are_no_markup(healthy, capfd):
    Device.objects.update(name="[/nosuch]tag")
    healthy.SSH_PORT = free_port()
    assert code_of("setup") == 2
    assert "[/nosuch]tag" in capfd.readouterr().out


@pytest.mark.django_db
@pytest.mark.parametrize("command", [setup.Command, wipe.Command])
@pytest.mark.parametrize(
    ("words", "code"), [(["--no-such-thing"], 64), (["no-such-device"], 3), (["--help"], 0)]
)
def test_what_was_typed_wrong_is_no_answer(command, words, code):
    with pytest.raises(SystemExit) as ended:
        command().run_from_argv(["manage.py", "one", *words])
    assert ended.value.code == code
