"""Who may see and who may ask for work."""

from typing import Any

from rest_framework.permissions import BasePermission, DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.views import APIView

from backups.api.networks import comes_from_status_network
from backups.models import RunKind
from backups.services.runs import KINDS

VIEW = ["%(app_label)s.view_%(model_name)s"]
START_BACKUP = "backups.start_run"


class MayView(DjangoModelPermissions):
    """To read needs the permission to view: DRF's own asks for it only to write."""

    perms_map = {**DjangoModelPermissions.perms_map, "GET": VIEW, "HEAD": VIEW, "OPTIONS": VIEW}


class MayAct(BasePermission):
    """An action needs its own permission, named in `action_permission` of the action."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        needed: str = view.action_permission  # type: ignore[attr-defined]
        return bool(request.user.is_authenticated and request.user.has_perm(needed))


class MayStartRun(BasePermission):
    """Each kind of run names its own permission."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        needed = KINDS[RunKind(view.kwargs["kind"])].permission
        return bool(request.user.is_authenticated and request.user.has_perm(needed))


class MayReadStatus(BasePermission):
    """Named networks read the old routes without a login; all others need the permission."""

    message = "This address may not read the backup status without a login."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if comes_from_status_network(request):
            return True
        return bool(request.user.has_perm("devices.view_device"))


class MayStartBackup(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user.has_perm(START_BACKUP))
