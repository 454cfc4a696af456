"""What the lists of the new API have in common."""

from typing import Any

import msgspec
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.renderers import JSONRenderer
from rest_framework.viewsets import GenericViewSet

from backups.api.paging import Pages
from backups.api.permissions import MayAct, MayView
from backups.api.throttles import ActionThrottle


class FastJSON(JSONRenderer):
    """Ten times as fast as DRF's own, which a fleet of hundreds notices."""

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        return b"" if data is None else msgspec.json.encode(data, enc_hook=str)


class OurViewSet(GenericViewSet):
    """What all have in common: JSON, pages, and a permission also to look."""

    renderer_classes = [FastJSON]
    permission_classes = [MayView]
    pagination_class: type[Any] = Pages
    filter_backends: list[type[Any]] = [DjangoFilterBackend]


def acting(permission: str) -> dict[str, Any]:
    """What an action adds: its own permission, and a limit to how often."""
    return {
        "detail": True,
        "methods": ["post"],
        "permission_classes": [MayAct],
        "throttle_classes": [ActionThrottle],
        "action_permission": permission,
    }
