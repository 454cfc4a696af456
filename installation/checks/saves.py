"""Check of our own saves: made lately, whole, and on another disk than what they are of."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from humanize import naturaldelta

from backups.engine.byte_sizes import human_size
from devices.freshness import is_fresh
from installation.answers import SetupAnswer, off, ok, unknown, wrong
from installation.own_state import newest_save
from installation.situation import Situation

LATELY = timedelta(days=2)
SAVE = ".venv/bin/python manage.py save_state"
ELSEWHERE = "ETHONODE_SAVES_DIR=/mnt/other/ethonode    # in /etc/ethonode.env: on another disk"


def own_saves(known: Situation) -> SetupAnswer:
    try:
        save = newest_save(now=known.now)
    except OSError as error:
        return wrong(f"{settings.SAVES_DIR}: {error.strerror}")
    if save is None:
        return unknown(f"None was made yet in {settings.SAVES_DIR}.", SAVE)
    said = f"The last is {naturaldelta(known.now - save.made_at)} old"
    if not is_fresh(save.made_at, within=LATELY, now=known.now):
        return wrong(f"{said}, in {settings.SAVES_DIR}.", SAVE)
    said += f" ({human_size(save.size_bytes)}), and was read to its end."
    if _disk(settings.SAVES_DIR) == _disk(settings.VAR_DIR):
        return off(f"{said} It lies on the same disk as what it is of.", ELSEWHERE)
    return ok(said)


def _disk(path: Path) -> int:
    return path.stat().st_dev
