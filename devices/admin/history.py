"""Pages of what people set: who changed what and why is kept, and a deletion says what goes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django import forms
from django.db.models import CASCADE, Model
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin
from simple_history.template_utils import HistoricalRecordContextHelper
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget

WHY = "why"


class ReasonForm(forms.ModelForm):
    why = forms.CharField(
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Kept in the history of this page, with your name.",
    )


class ChangeInWords(HistoricalRecordContextHelper):
    def prepare_delta_change_value(self, change: Any, value: Any) -> Any:
        value = super().prepare_delta_change_value(change, value)
        choices = dict(self.model._meta.get_field(change.field).flatchoices or ())
        return choices.get(value, value) if isinstance(value, str) else value

    def stringify_delta_change_values(self, change: Any, old: Any, new: Any) -> Any:
        return super().stringify_delta_change_values(change, self.words(old), self.words(new))

    def words(self, value: Any) -> Any:
        if isinstance(value, bool):
            return "yes" if value else "no"
        return "nothing" if value in (None, "", []) else value


class HistoryAdmin(SimpleHistoryAdmin, ModelAdmin):
    """`stays`: what a deletion does not touch, and what holds from then on. `asks_why`: the page
    has a field for the reason; it comes last where no fieldset names it.
    """

    form = ReasonForm
    object_history_list_template = "devices/history.html"
    change_in_words = ChangeInWords
    stays = ""
    asks_why = True

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Who may change nothing is asked for no reason."""
        asks = self.asks_why and (obj is None or self.has_change_permission(request, obj))
        fieldsets: list[Any] = super().get_fieldsets(request, obj)
        if asks and self.fieldsets and any(WHY in named["fields"] for _, named in fieldsets):
            return fieldsets
        plain = [
            (title, {**named, "fields": [name for name in named["fields"] if name != WHY]})
            for title, named in fieldsets
        ]
        return [*plain, (None, {"fields": [WHY]})] if asks else plain

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001  Django's own argument
    ) -> None:
        obj._change_reason = form.cleaned_data.get(WHY) or None
        super().save_model(request, obj, form, change)

    def get_historical_record_context_helper(
        self, request: HttpRequest, historical_record: Any
    ) -> ChangeInWords:
        return self.change_in_words(self.model, historical_record)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """What hangs on each may be a hundred thousand rows: they are counted, not listed."""
        some = list(objs)
        gone = dict(rows_that_go(self.model, [one.pk for one in some]))
        told: list[Any] = [*map(str, some), *([self.stays] if self.stays else [])]
        return told, {str(self.opts.verbose_name_plural): len(some), **gone}, set(), []


def rows_that_go(
    model: type[Model], keys: Sequence[Any], lookup: str = ""
) -> Iterator[tuple[str, int]]:
    """What is deleted together with these rows: name, how many. Only what there is."""
    for relation in _cascades(model):
        path = f"{relation.field.name}__{lookup}" if lookup else relation.field.name
        rows = relation.related_model._default_manager.filter(**{f"{path}__in": keys})
        if count := rows.order_by().count():
            yield str(relation.related_model._meta.verbose_name_plural), count
            yield from rows_that_go(relation.related_model, keys, path)


def _cascades(model: type[Model]) -> Iterable[Any]:
    for relation in model._meta.related_objects:
        is_cascade = getattr(relation, "on_delete", None) is CASCADE
        if is_cascade and not relation.related_model._meta.auto_created:
            yield relation
