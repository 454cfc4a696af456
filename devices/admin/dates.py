"""Lists by date: a filter from and to, and dates in the search, both as people type them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from devices.dates import LONGEST, Period, span_of, split_date

HOW = "Such as “yesterday”, “last Tuesday”, “3 days ago”, “20 Nov” or 2026-11-20."


def here_and_now() -> datetime:
    """In the zone of who asks."""
    return timezone.localtime(timezone.now())


class DateInWords(forms.CharField):
    """Its value is a span of time: of a day that is named, the whole day."""

    def __init__(self, label: str, example: str) -> None:
        attrs = {"placeholder": example, "autocomplete": "off"}
        widget = UnfoldAdminTextInputWidget(attrs=attrs)
        super().__init__(label=label, required=False, max_length=LONGEST, widget=widget)

    def clean(self, value: Any) -> Period | None:
        words = super().clean(value)
        if not words:
            return None
        if found := span_of(words, now=here_and_now()):
            return found
        raise forms.ValidationError(f"“{words}” is no date. {HOW}")


class MomentsForm(forms.Form):
    def __init__(self, name: str, data: Any) -> None:
        super().__init__(data)
        self.fields[f"{name}_from"] = DateInWords("From", "last Tuesday")
        self.fields[f"{name}_to"] = DateInWords("To", "2026-11-20")


class MomentsFilter(admin.FieldListFilter):
    """From and to, each the whole day that is named. What is no date is said, and finds nothing."""

    template = "devices/moments_filter.html"

    def __init__(
        self,
        field: Any,
        request: HttpRequest,
        params: dict[str, Any],
        model: type[Model],
        model_admin: admin.ModelAdmin,
        field_path: str,
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        given = {name: request.GET.get(name, "") for name in self.names}
        self.used_parameters = {name: value for name, value in given.items() if value}
        self.form = MomentsForm(field_path, given)

    @property
    def names(self) -> tuple[str, str]:
        return f"{self.field_path}_from", f"{self.field_path}_to"

    def expected_parameters(self) -> list[str | None]:
        return [*self.names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.form.is_valid():
            for errors in self.form.errors.values():
                messages.error(request, " ".join(map(str, errors)))
            return queryset.none()
        begins, ends = (self.form.cleaned_data[name] for name in self.names)
        if begins:
            queryset = queryset.filter(**{f"{self.field_path}__gte": begins.start})
        if ends:
            queryset = queryset.filter(**{f"{self.field_path}__lt": ends.end})
        return queryset

    def choices(self, changelist: Any) -> Iterator[Any]:
        """The form, and some spans that are often asked for."""
        quick = [("today", "Today"), ("yesterday", "Since yesterday"), ("7 days ago", "7 days")]
        links = [
            (label, changelist.get_query_string({f"{self.field_path}_from": words}))
            for words, label in quick
        ]
        yield {"form": self.form, "quick": links}


class SearchedByDate(admin.ModelAdmin):
    """A search that understands “jdoe last Tuesday”. What was understood is said on the page."""

    date_searched = ""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        words, span = split_date(search_term, now=here_and_now())
        found, has_doubles = super().get_search_results(request, queryset, words)
        if span is None:
            return found, has_doubles
        within = {
            f"{self.date_searched}__gte": span.start,
            f"{self.date_searched}__lt": span.end,
        }
        return found.filter(**within), has_doubles
