"""Who may see and who may ask for work."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from rest_framework.permissions import SAFE_METHODS, BasePermission, DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.views import APIView

from backups.api.networks import comes_from_status_network, may_read
from backups.models import RunKind
from backups.services.runs import KINDS

VIEW = ["%(app_label)s.view_%(model_name)s"]
START_BACKUP = "backups.start_run"


class MayView(DjangoModelPermissions):
    """To read needs the permission to view: DRF's own asks for it only to write."""

    perms_map = {**DjangoModelPermissions.perms_map, "GET": VIEW, "HEAD": VIEW, "OPTIONS": VIEW}


class MayAct(BasePermission):
    """An action needs its own permissions, named in `action_permission` of the action."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        needed: str = view.action_permission  # type: ignore[attr-defined]
        return bool(request.user.is_authenticated and request.user.has_perms(needed.split()))


class MayStartRun(BasePermission):
    """Each kind of run names its own permission."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        needed = KINDS[RunKind(view.kwargs["kind"])].permission
        return bool(request.user.is_authenticated and request.user.has_perm(needed))


class MayAskToWipe(BasePermission):
    """The last answer may be read by whoever may see the device."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        is_read = request.method in SAFE_METHODS
        needed = "devices.view_device" if is_read else KINDS[RunKind.WIPE].permission
        return bool(request.user.is_authenticated and request.user.has_perm(needed))


class MayReadStatus(BasePermission):
    """The old routes."""

    message = "This address may not read the backup status without a login."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return may_read(request)


class MayStartBackup(BasePermission):
    """With the permission; and from the old page without a login, where a setting says so."""

    def has_permission(self, request: Request, view: Any) -> bool:
        from_old_page = settings.OLD_PAGE_BACKUPS and comes_from_status_network(request)
        return (from_old_page and _is_own(request)) or request.user.has_perm(START_BACKUP)


def _is_own(request: Request) -> bool:
    """Not sent by a page of another site in the browser of somebody who is in the network."""
    if "Origin" not in request.headers:
        return True
    nodes = {urlsplit(node.url).netloc for node in settings.NODES}
    here = {request.get_host(), *nodes} - {""}
    return urlsplit(request.headers["Origin"]).netloc in here
