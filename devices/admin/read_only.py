"""An admin that shows and never changes."""

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateTimeField, Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from devices.moments import moment

Column = str | Callable[[Model], str]


class ReadOnlyAdmin(ModelAdmin):
    """In its list every time has UTC in its tooltip."""

    list_per_page: ClassVar[int] = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_list_display(self, request: HttpRequest) -> Any:
        return [self._column(name) for name in super().get_list_display(request)]

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        return [self._column(name) for name in self.list_display_links or list_display[:1]]

    def _column(self, name: Column) -> Column:
        return _column(self.model, name) if isinstance(name, str) else name


@cache
def _column(model: type[Model], name: str) -> Column:
    """Of a time a column of our own; the same one whenever it is asked for."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:  # a method of the admin, or of the model
        return name
    if not isinstance(field, DateTimeField):
        return name

    @admin.display(description=field.verbose_name, ordering=name)
    def shown(row: Model) -> str:
        return moment(getattr(row, name), "-")

    shown.__name__ = name  # of which the cell's class is made
    return shown
