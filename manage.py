#!/usr/bin/env python3
"""Django's door. A bad setting is one line here, never a traceback."""

import os
import sys

from ethonode.env_values import BadSetting

NO_TABLES = ("no such table", "does not exist")  # SQLite, PostgreSQL


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ethonode.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415  after the setting
    from django.db import OperationalError, ProgrammingError  # noqa: PLC0415

    try:
        execute_from_command_line(sys.argv)
    except BadSetting as error:
        sys.exit(f"ethonode: {error}")
    except (OperationalError, ProgrammingError) as error:
        if not any(text in str(error) for text in NO_TABLES):
            raise
        sys.exit("ethonode: the database has no tables yet: make run, or manage.py migrate")


if __name__ == "__main__":
    main()
