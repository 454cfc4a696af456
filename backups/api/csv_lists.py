"""`format=csv`: a whole list as a table, in pieces, for a spreadsheet or a script.

The columns are the fields of the JSON that are no lists or objects, under the same names.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from itertools import chain
from typing import Any, Protocol, TypeVar

from django.http import StreamingHttpResponse
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from backups.api.errors import BrokenOff, CannotBeDone
from devices.cells import harmless
from devices.texts import seen

MOST_IN_CSV = 100_000
FORMAT = "csv"
NESTED = (
    serializers.BaseSerializer,
    serializers.ListField,
    serializers.DictField,
    serializers.JSONField,
)
Row = Mapping[str, Any]


class WithProblems(Protocol):
    @property
    def problems(self) -> Sequence[str]: ...


OnePage = TypeVar("OnePage", bound=WithProblems)


class TableRenderer(BaseRenderer):
    """To be chosen by a request. The view itself writes; what is refused is JSON as ever."""

    media_type = "text/csv"
    format = FORMAT

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("a list as CSV is a stream")


def is_csv(request: Request) -> bool:
    return getattr(request.accepted_renderer, "format", "") == FORMAT


def flat_names(serializer: Any) -> list[str]:
    return [name for name, field in serializer.fields.items() if not isinstance(field, NESTED)]


def columns_of(serializer: Any, wanted: set[str]) -> list[str]:
    """Raises ValidationError where one is wanted that fits in no cell."""
    flat = flat_names(serializer)
    if wide := sorted(wanted - set(flat)):
        said = f"{', '.join(wide)[:100]!r} fits in no cell; what does: {', '.join(flat)}."
        raise serializers.ValidationError({"fields": [said]})
    return [name for name in flat if not wanted or name in wanted]


def too_long() -> serializers.ValidationError:
    said = f"This list has more than {MOST_IN_CSV:,} rows: narrow it, or take pages of JSON."
    return serializers.ValidationError({"format": [said]})


def all_or_none(pages: Iterator[OnePage]) -> Iterator[OnePage]:
    """Where a table has no place to tell what cannot be listed, there is none, or it breaks off.

    Raises CannotBeDone at once, of the first page.
    """
    first = next(pages)
    if first.problems:
        raise CannotBeDone("; ".join(first.problems))
    return chain([first], map(_whole, pages))


def _whole(page: OnePage) -> OnePage:
    if page.problems:
        raise BrokenOff("; ".join(page.problems))
    return page


def csv_answer(
    name: str, columns: Sequence[str], blocks: Iterable[Iterable[Row]]
) -> StreamingHttpResponse:
    """A table of these columns. If a block fails the answer breaks off: it is not shorter."""
    answer = StreamingHttpResponse(_lines(columns, blocks), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _lines(columns: Sequence[str], blocks: Iterable[Iterable[Row]]) -> Iterator[str]:
    yield _written([columns])
    for block in blocks:
        yield _written([_cell(row[name]) for name in columns] for row in block)


def _written(rows: Iterable[Sequence[Any]]) -> str:
    lines = StringIO()
    csv.writer(lines).writerows(rows)
    return lines.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return harmless(seen(value)) if isinstance(value, str) else value
