#!/usr/bin/env python3
"""Django's door. A bad setting is one line here, never a traceback."""

import os
import sys

from ethonode.env_values import BadSetting


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ethonode.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415  after the setting

    try:
        execute_from_command_line(sys.argv)
    except BadSetting as error:
        sys.exit(f"ethonode: {error}")


if __name__ == "__main__":
    main()
