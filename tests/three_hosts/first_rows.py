"""What a person would set up, in a process of its own. Its only word is JSON: the storages
as rows, and the ids of the open devices. It prints a token.
"""

import json
import os
import sys
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "ethonode.settings"

import django

django.setup()

from devices.models import Storage  # noqa: E402
from ethonode.run import prepare  # noqa: E402
from people.models import TokenScope  # noqa: E402
from tests.hosts.rows import key_of_the_admin, plan_backups, schedule_often  # noqa: E402


def main(storages: list[dict[str, Any]], opened: list[str]) -> None:
    """Before anything runs: a device that is known gets its place at its first look."""
    prepare.migrate()
    prepare.make_admin("only for a trial")
    schedule_often()
    for row in storages:
        first = row.pop("second_of")
        of = Storage.objects.get(name=first) if first else None
        Storage.objects.create(**row, second_of=of, is_second=of is not None)
    plan_backups(opened, videos=2, listing=4)
    print(key_of_the_admin("three hosts", TokenScope.ADMIN))  # noqa: T201  for who started this


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
