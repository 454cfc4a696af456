"""Checks of this machine: whether ethonode itself can work."""

import os
import pwd
import shlex
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from redis import Redis, RedisError

from installation.answers import One, SetupAnswer, ok, unknown, wrong
from installation.situation import Situation

PATIENCE = 2  # seconds
OFF_BY = 2.0  # seconds that a file system may be off by; its times are cut to whole ones on some
START = "make run    # or: systemctl restart ethonode"


def redis(_: Situation) -> SetupAnswer:
    patience = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    try:
        with Redis.from_url(settings.REDIS_URL, **patience) as client:
            client.ping()
    except RedisError as error:
        return wrong(f"It does not answer: {str(error) or type(error).__name__}", START)
    return ok("It answers.")


def account(_: Situation) -> SetupAnswer:
    """Only who runs ethonode can say what ethonode may read."""
    mine, owner = os.geteuid(), settings.VAR_DIR.stat().st_uid
    if mine == owner:
        return ok(f"This was asked as {name_of(mine)}, to whom {settings.VAR_DIR} belongs.")
    return wrong(
        f"This was asked as {name_of(mine)}, but {settings.VAR_DIR} belongs to {name_of(owner)}:"
        " what is said below is not said for that account.",
        f"sudo -u {shlex.quote(name_of(owner))} .venv/bin/python manage.py setup",
    )


def secrets(_: Situation) -> SetupAnswer:
    """Whoever has them can be anybody: only their owner may read them."""
    open_ones = [
        One(name=str(path), words=f"mode {mode:04o}")
        for path, mode in _modes()
        if mode & (0o007 if path == settings.VAR_DIR else 0o077)
    ]
    if not open_ones:
        return ok("Only their owner can read the secrets, the keys and the database.")
    line = " && ".join(f"chmod {_meant(one.name)} {shlex.quote(one.name)}" for one in open_ones)
    return wrong("Other accounts of this machine can read them.", line, ones=open_ones)


def _meant(name: str) -> str:
    return "700" if Path(name).is_dir() else "600"


def _modes() -> Iterator[tuple[Path, int]]:
    database = settings.DATABASES["default"]
    paths = [settings.VAR_DIR, settings.VAR_DIR / "secret_key"]
    paths += [settings.SSH_KEY_FILE, settings.CERTIFICATE_KEY_FILE]
    if database["ENGINE"].endswith("sqlite3"):
        paths += [Path(f"{database['NAME']}{end}") for end in ("", "-wal", "-shm")]
    for path in paths:
        with suppress(FileNotFoundError):
            yield path, stat.S_IMODE(path.stat().st_mode)


def time_zone(_: Situation) -> SetupAnswer:
    try:
        ZoneInfo("Europe/London")
    except ZoneInfoNotFoundError:
        return wrong("This machine has no data of time zones.", "apt-get install tzdata")
    zone = datetime.now().astimezone()
    name = os.environ.get("TZ") or _zone_of_machine() or zone.tzname()
    return ok(f"Everything is kept in UTC. This machine is in {name} (UTC{zone:%z}).")


def _zone_of_machine() -> str:
    return str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")[2]


def file_clock(_: Situation) -> SetupAnswer:
    """A file that is made now should be of now."""
    try:
        with TemporaryFile(dir=settings.VAR_DIR) as file:
            file.write(b".")
            file.flush()
            ahead = os.fstat(file.fileno()).st_mtime - time.time()
    except OSError as error:
        return unknown(f"No file can be made in {settings.VAR_DIR}: {error.strerror}")
    if abs(ahead) > OFF_BY:
        return wrong(f"A file that is made now is {ahead:+.0f} s off.", "timedatectl set-ntp true")
    return ok("A file that is made now is of now.")


def name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
