"""Every list as a file: `class XAdmin(ExportedList, ...)` is all that a list needs for it."""

from collections.abc import Mapping
from datetime import UTC
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.text import slugify
from import_export.admin import ExportMixin

from devices.admin.export_columns import ListResource, columns_of
from devices.admin.export_files import Csv, Xlsx

PERMISSION = "devices.export_lists"
MOST_ROWS = 20_000  # in one request; about two seconds as XLSX
FORMATS = {"csv": Csv, "xlsx": Xlsx}


class ExportedList(ExportMixin):
    """What is filtered and searched for, or what is selected, in the columns of the list.

    `export_also`: further columns, each the path to a field: {"Proven": "state__proven_at"}.
    """

    import_export_change_list_template = "devices/exported_list.html"
    export_also: Mapping[str, str] = {}
    export_without: tuple[str, ...] = ()  # columns of the list that are only for looking at

    def get_urls(self) -> list[URLPattern]:
        name = "{}_{}_export".format(*self.get_model_info())
        own = [
            path(
                f"export/{extension}/",
                self.admin_site.admin_view(partial(self.export_view, extension=extension)),
                name=f"{name}_{extension}",
            )
            for extension in FORMATS
        ]
        return [*own, *super(ExportMixin, self).get_urls()]

    def has_export_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm(PERMISSION) and self.has_view_permission(request)

    def export_view(self, request: HttpRequest, extension: str) -> HttpResponse:
        """A GET changes nothing: it is the list in another form."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        return self._file(request, self.get_export_queryset(request), extension)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        offered: dict[str, Any] = super().get_actions(request)
        if not self.has_export_permission(request):
            return offered
        return offered | {
            f"export_{extension}": (
                partial(_export_selected, extension),
                f"export_{extension}",
                f"Export as {extension.upper()}",
            )
            for extension in FORMATS
        }

    def get_data_for_export(
        self, request: HttpRequest, queryset: QuerySet[Any], **kwargs: Any
    ) -> Any:
        shown = [n for n in self.get_list_display(request) if n not in self.export_without]
        columns = columns_of(self, shown, self.export_also)
        prepare = partial(self.prepare_row, request)
        return ListResource(columns=columns, prepare=prepare).export(queryset)

    def prepare_row(self, request: HttpRequest, row: Any) -> Any:
        """For a list that gives its rows more than the database does."""
        return row

    def get_export_filename(self, request: HttpRequest, queryset: Any, file_format: Any) -> str:
        what = slugify(self.opts.verbose_name_plural)
        extension = file_format.get_extension()
        return f"{what}-{timezone.now().astimezone(UTC):%Y-%m-%dT%H%MZ}.{extension}"

    def _file(self, request: HttpRequest, queryset: QuerySet[Any], extension: str) -> HttpResponse:
        if queryset.order_by()[: MOST_ROWS + 1].count() > MOST_ROWS:
            said = (
                f"The list has more than {MOST_ROWS:,} rows: narrow it by a filter, such as dates."
            )
            messages.error(request, said)
            return redirect(self._list(request))
        response: HttpResponse = self._do_file_export(FORMATS[extension](), request, queryset)
        return response

    def _list(self, request: HttpRequest) -> str:
        address = reverse("admin:{}_{}_changelist".format(*self.get_model_info()))
        return f"{address}?{request.GET.urlencode()}"


def _export_selected(
    extension: str, model_admin: ExportedList, request: HttpRequest, queryset: QuerySet[Any]
) -> HttpResponse:
    return model_admin._file(request, queryset, extension)
