"""How the last asking for each node's devices went: all that could not be read, in words."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from devices.admin.read_only import ReadOnlyAdmin
from devices.models import NodeStatus

FIELDS = ["answer", "asked_at", "answered_at", "told_by", "devices_told", "problem_lines"]


@admin.register(NodeStatus)
class NodeStatusAdmin(ReadOnlyAdmin):
    """Where there is one node, its page is the list."""

    list_display = ["name", "answer", "asked_at", "answered_at", "devices_told", "problem_count"]
    readonly_fields = ["name", *FIELDS]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        some = NodeStatus.objects.all()[:2]
        if len(some) != 1 or not self.has_view_permission(request):
            response: HttpResponse = super().changelist_view(request, extra_context)
            return response
        return redirect("admin:devices_nodestatus_change", some[0].pk)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return FIELDS if len(settings.NODES) == 1 else ["name", *FIELDS]

    @display(description="Answer", label={"available": "success", "no answer": "danger"})
    def answer(self, node: NodeStatus) -> str:
        return node.availability(now=timezone.now())

    @admin.display(description="Told by")
    def told_by(self, node: NodeStatus) -> str:
        return {"node": "the node", "device": "the devices themselves"}.get(node.source, "nobody")

    @admin.display(description="Devices told of")
    def devices_told(self, node: NodeStatus) -> int:
        return node.device_count

    @admin.display(description="Problems")
    def problem_count(self, node: NodeStatus) -> int:
        return len(node.problems)

    @admin.display(description="What could not be read")
    def problem_lines(self, node: NodeStatus) -> SafeString | str:
        """All of it: what is skipped here may be a device that is on no other page."""
        lines = [line for line in (node.error, *node.problems) if line]
        return format_html_join("", "<div>{}</div>", ((line,) for line in lines)) or "nothing"
