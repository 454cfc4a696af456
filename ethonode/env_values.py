"""What one variable of the environment may hold, kind by kind."""

import os
import re
import secrets
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from environs import FileAwareEnv


class BadSetting(Exception):
    """An environment variable holds what cannot be used; the text names it and says why."""


def path(env: FileAwareEnv, name: str, default: Path | None) -> Any:
    text = env.str(name, "")
    if "\0" in text:
        raise BadSetting(f"ETHONODE_{name}: a path cannot hold a NUL character")
    return Path(text).expanduser().absolute() if text else default


def path_on_device(env: FileAwareEnv, name: str, default: str) -> Path:
    """Absolute, and of plain words: it becomes an argument of programs on the devices."""
    text = env.str(name, "").rstrip("/") or default
    if not re.fullmatch(r"(/[A-Za-z0-9_@+][A-Za-z0-9_.@+-]*)+", text):
        raise BadSetting(f"ETHONODE_{name}: {text!r} is not an absolute path of plain words")
    return Path(text)


def account(env: FileAwareEnv, name: str, default: str) -> str:
    text = env.str(name, "") or default
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}", text):
        raise BadSetting(f"ETHONODE_{name}: {text!r} cannot be the name of an account")
    return text


def url(env: FileAwareEnv, name: str, default: str) -> str:
    text = env.str(name, default).rstrip("/")
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise BadSetting(f"ETHONODE_{name}: {text!r} is not an http:// or https:// address")
    return text


def redis(env: FileAwareEnv) -> str:
    text = env.str("REDIS_URL", "")
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"redis", "rediss", "unix"} and parts.port != 0
    except ValueError:
        usable = False
    if text and not usable:
        raise BadSetting("ETHONODE_REDIS_URL: not a redis://, rediss:// or unix:// address")
    return text


def database(env: FileAwareEnv, default: str) -> dict[str, Any]:
    try:
        return dict(dj_database_url.parse(env.str("DATABASE_URL", "") or default))
    except ValueError as error:  # its text may show the password
        raise BadSetting("ETHONODE_DATABASE_URL: not the address of a database") from error


def whole(env: FileAwareEnv, name: str, default: int, *, least: int, most: int) -> int:
    value = env.int(name) if env.str(name, "") else default
    if not least <= value <= most:
        raise BadSetting(f"ETHONODE_{name}: {value} is not between {least} and {most}")
    return value


def flag(env: FileAwareEnv, name: str, *, default: bool) -> bool:
    return env.bool(name) if env.str(name, "") else default


def seconds(env: FileAwareEnv, name: str, default: float) -> timedelta:
    value = env.float(name) if env.str(name, "") else default
    if not 0 < value < 10 * 365 * 24 * 3600:
        raise BadSetting(f"ETHONODE_{name}: {value} is not a positive number of seconds")
    return timedelta(seconds=value)


def networks(env: FileAwareEnv, name: str, default: list[str]) -> tuple[str, ...]:
    networks = tuple(env.list(name, default))
    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise BadSetting(f"ETHONODE_{name}: {error}") from error
    return networks


def own_secret_key(var_dir: Path) -> str:
    """Make a key at the first start, and read it back at every later one."""
    var_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
    path = var_dir / "secret_key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()
