"""“May I wipe it?”: the answers, and the certificates of each yes."""

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.paginator import InfinitePaginator

from backups import badges
from backups.admin.run_actions import ask_for_run
from backups.admin.wipe_page import paper_context, question_context
from backups.models import RunKind, WipeCertificate, WipeQuestion
from backups.services.certificates import FILE_NAMES, files_of
from backups.services.runs import KINDS
from devices.admin.dates import MomentsFilter
from devices.admin.export import ExportedList
from devices.admin.read_only import ReadOnlyAdmin


@require_POST
def _ask(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """A run that mends what lacks, or the question once more."""
    if kind not in KINDS:
        raise Http404
    if not request.user.has_perm(KINDS[RunKind(kind)].permission):
        return HttpResponse(status=403)
    question = get_object_or_404(WipeQuestion.objects.select_related("device"), pk=pk)
    ask_for_run(request, question.device, RunKind(kind))
    return redirect("admin:backups_wipequestion_change", pk)


def _file(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One of those that belong to a certificate."""
    if not request.user.has_perm("backups.view_wipecertificate"):
        return HttpResponse(status=403)
    content = files_of(get_object_or_404(WipeCertificate, pk=pk)).get(name)
    if content is None:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="application/octet-stream", headers=headers)


@admin.register(WipeQuestion)
class WipeQuestionAdmin(ExportedList, ReadOnlyAdmin):
    list_display = ["answer_badge", "device", "experiment", "asked", "asked_by", "reason_count"]
    list_display_links = ["answer_badge", "experiment"]
    list_filter = [
        ("asked_at", MomentsFilter),
        ("device", AutocompleteSelectFilter),
        ("answer", ChoicesDropdownFilter),
    ]
    list_filter_submit = True
    list_select_related = ["device"]
    search_fields = ["device__name", "device__device_id", "experiment"]
    fields = ["device", "experiment", "asked_at", "answered_at", "asked_by"]
    change_form_outer_before_template = "backups/wipe_live.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/part/", view(self.part), name="wipe-part"),
            path("<int:pk>/ask/<kind>/", view(_ask), name="wipe-ask"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        question = self.get_object(request, object_id)
        shown = question_context(request, question, now=timezone.now()) if question else {}
        context = {**(extra_context or {}), **shown}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    def part(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What of the page renews itself while a run is under way."""
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        question = get_object_or_404(WipeQuestion.objects.select_related("device"), pk=pk)
        context = question_context(request, question, now=timezone.now())
        return render(request, "backups/wipe.html", context)

    @admin.display(description="May it be wiped?", ordering="answer")
    def answer_badge(self, question: WipeQuestion) -> SafeString:
        return badges.may_wipe(question.answer)

    @admin.display(description="Asked", ordering="asked_at")
    def asked(self, question: WipeQuestion) -> SafeString | str:
        return badges.ago(question.asked_at, timezone.now())


@admin.register(WipeCertificate)
class WipeCertificateAdmin(ExportedList, ReadOnlyAdmin):
    list_display = ["number", "standing", "device_name", "device_id_then", "made", "asked_by"]
    list_filter = [("made_at", MomentsFilter), ("device", AutocompleteSelectFilter)]
    list_filter_submit = True
    paginator = InfinitePaginator
    search_fields = ["number", "device_name", "device_id_then"]
    show_full_result_count = False
    fields = [
        "device", "device_id_then", "made_at", "listed_at", "asked_by", "things", "size",
        "checked_at", "check_error", "withdrawn_at", "withdrawn_why",
    ]  # fmt: skip
    change_form_outer_before_template = "backups/certificate_files.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/paper/", view(self.paper), name="certificate-paper"),
            path("<int:pk>/files/<name>", view(_file), name="certificate-file"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = {**(extra_context or {}), "file_names": FILE_NAMES, "now": timezone.now()}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    def paper(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One page to print, and to lay beside the card."""
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        one = get_object_or_404(WipeCertificate, pk=pk)
        return render(request, "backups/certificate_paper.html", paper_context(one))

    @admin.display(description="Stands", boolean=True)
    def standing(self, one: WipeCertificate) -> bool:
        return one.stands

    @admin.display(description="Things on it")
    def things(self, one: WipeCertificate) -> str:
        return f"{one.item_count:,}"

    @admin.display(description="Size")
    def size(self, one: WipeCertificate) -> str:
        return badges.size(one.size_bytes)

    @admin.display(description="Made", ordering="made_at")
    def made(self, one: WipeCertificate) -> SafeString | str:
        return badges.ago(one.made_at, timezone.now())
