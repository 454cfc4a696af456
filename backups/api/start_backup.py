"""POST /device/<id>/backup: asks for a backup in the old way, and answers at once in its shape."""

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from backups.api.runs import start_run
from backups.engine.facts import BackupType
from backups.models import RunKind
from backups.services import runs
from devices.models import Device

DATABASES = frozenset({BackupType.MYSQL, BackupType.SQLITE})
VIDEOS = frozenset({BackupType.VIDEO})
NO_SCOPE = "No backup scope selected"
WATCHES_ONLY = (
    "This installation watches backups and does not start them: "
    "use the backup services of the node."
)
NOTHING_SUCH = "This installation makes no such backup of this device."


def start(device: Device, request: Request) -> dict[str, Any]:
    """What the plan of the device does here, as far as the request asks for it."""
    try:
        databases, videos = _scope(request)
    except ValueError as error:
        return _refused(str(error))
    if not (databases or videos):
        return _refused(NO_SCOPE)
    wanted = (DATABASES if databases else frozenset()) | (VIDEOS if videos else frozenset())
    made_here = {kind for kind in runs.kinds_here(device) if runs.KINDS[kind].copies}
    asked = {kind for kind in made_here if runs.KINDS[kind].copies & wanted}
    if not asked:
        return _refused(NOTHING_SUCH if made_here else WATCHES_ONLY)
    for kind in sorted(asked):
        start_run(device, kind, request.user)
    return _started(asked)


def _scope(request: Request) -> tuple[bool, bool]:
    """Whether databases and videos are asked for. Raises ValueError."""
    try:
        body = request.data
    except ParseError as error:
        raise ValueError(f"The request cannot be read: {error}") from error
    if not hasattr(body, "get"):
        raise ValueError("The request is no object of names and values")
    scope = body.get("backup_databases", True), body.get("backup_videos", False)
    if not all(isinstance(value, bool) for value in scope):
        raise ValueError("backup_databases and backup_videos are true or false")
    return scope


def _started(kinds: set[RunKind]) -> dict[str, Any]:
    copied = frozenset[BackupType]().union(*(runs.KINDS[kind].copies for kind in kinds))
    if copied == {BackupType.MYSQL}:
        return {"success": True, "backup_type": "mysql"}
    scope = {"databases": bool(copied & DATABASES), "videos": bool(copied & VIDEOS)}
    return {"success": True, "backup_type": "rsync", "backup_scope": scope}


def _refused(error: str) -> dict[str, Any]:
    return {"success": False, "error": error, "backup_type": "none"}
