"""What one variable of the environment may hold, kind by kind."""

import os
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from environs import FileAwareEnv

from devices.addresses import INNER_NETWORKS, LOOPBACK_NETWORKS, is_within, plain_address
from devices.ids import STORAGE_NAME


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
    return checked_url(name, env.str(name, default))


def checked_url(name: str, text: str) -> str:
    text = text.rstrip("/")
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if "@" in text.partition("://")[2].partition("/")[0]:  # nobody would send them
        raise BadSetting(f"ETHONODE_{name}: no name and no password can be in it")
    if not usable:
        raise BadSetting(f"ETHONODE_{name}: {text!r} is not an http:// or https:// address")
    return text


def secret_url(env: FileAwareEnv, name: str) -> str:
    try:
        return url(env, name, "")
    except BadSetting as error:  # its text shows the address
        text = f"ETHONODE_{name}: not an http:// or https:// address"
        raise BadSetting(text) from error


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


# A machine whose power or network is gone says no good-bye: the kernel would wait for two hours.
GIVEN_UP_AFTER = {
    "connect_timeout": 10,  # seconds
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,  # milliseconds
}


def database(env: FileAwareEnv, default: str) -> dict[str, Any]:
    address = env.str("DATABASE_URL", "")
    try:
        found: dict[str, Any] = dict(dj_database_url.parse(address or default))
    except ValueError as error:  # its text may show the password
        raise BadSetting("ETHONODE_DATABASE_URL: not the address of a database") from error
    if not address:
        _make_file(Path(str(found["NAME"])))
    if str(found["ENGINE"]).endswith("postgresql"):
        found["OPTIONS"] = {**GIVEN_UP_AFTER, **(found.get("OPTIONS") or {})}
    return found


def _make_file(path: Path) -> None:
    """SQLite would make one that everybody reads; beside it, it makes files of the same mode."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def storage(env: FileAwareEnv) -> str:
    text: str = env.str("STORAGE", "")
    if text and not re.match(STORAGE_NAME, text):
        raise BadSetting(f"ETHONODE_STORAGE: {text!r} is not small letters, digits and dashes")
    return text


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
    networks = tuple(env.list(name) if env.str(name, "") else default)
    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise BadSetting(f"ETHONODE_{name}: {error}") from error
    return networks


def contact(env: FileAwareEnv, name: str) -> str:
    text = env.str(name, "")
    if text and not re.fullmatch(r"(mailto:|https://)[!-~]{3,200}", text):
        raise BadSetting(f"ETHONODE_{name}: {text!r} is neither mailto:… nor https://…")
    return text


def one_of(env: FileAwareEnv, name: str, words: Sequence[str]) -> str:
    text = env.str(name, "")
    if text and text not in words:
        raise BadSetting(f"ETHONODE_{name}: {text!r} is none of {', '.join(words)}")
    return text


def device_networks(
    env: FileAwareEnv, name: str, *, node_urls: Sequence[str], addresses: Sequence[str]
) -> tuple[str, ...]:
    """The inner ones, and each address that the settings name as a device; this machine itself
    only where a node is on it, or such a device."""
    named = [one if plain_address(one) else host_of(f"//{one}") for one in addresses]
    here = [host for host in (*named, *map(host_of, node_urls)) if _is_this_machine(host)]
    own = [str(ip_network(str(one))) for one in map(plain_address, named) if one]  # it alone
    return networks(env, name, [*INNER_NETWORKS, *(LOOPBACK_NETWORKS if here else ()), *own])


def host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # no address at all: it is told when it is asked
        return ""


def _is_this_machine(host: str) -> bool:
    return host == "localhost" or is_within(host, LOOPBACK_NETWORKS)


def make_var(var_dir: Path) -> None:
    """Nobody else of this machine reads what is in there: password hashes, sessions, keys."""
    try:
        var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        text = f"ETHONODE_VAR_DIR: {var_dir} is not there, and cannot be made: {error.strerror}"
        raise BadSetting(text) from error


def own_secret_key(var_dir: Path) -> str:
    """Make a key at the first start, and read it back at every later one."""
    path = var_dir / "secret_key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()
