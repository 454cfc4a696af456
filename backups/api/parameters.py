"""The parameters of a question: known by name and with a value that can be, or it is 400.

What is left out in silence gives an answer to another question: `written_off=banana` the whole
list, `devise=…` that of all devices.
"""

from collections.abc import Collection
from typing import Any, TypeVar

from django import forms
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

FORMAT = "format"  # DRF's own
TRUE_OR_FALSE = [("true", "true"), ("false", "false")]

Query = TypeVar("Query", bound=serializers.Serializer[Any])


def checked(kind: type[Query], request: Request, *, besides: Collection[str] = ()) -> Query:
    """The query of this request. Raises ValidationError; `besides`: names that others read."""
    query = kind(data=request.query_params)
    refuse_unknown(request, {*query.fields, *besides})
    query.is_valid(raise_exception=True)
    return query


def refuse_unknown(request: Request, known: Collection[str]) -> None:
    unknown = sorted(set(request.query_params) - {*known, FORMAT})
    if unknown:
        said = f"No such parameter here; there are: {', '.join(sorted(known)) or 'none'}."
        raise serializers.ValidationError({name[:100]: [said] for name in unknown})


@extend_schema_field(OpenApiTypes.BOOL)
class TrueOrFalse(filters.TypedChoiceFilter):  # type: ignore[misc]
    """Django-filter's own takes anything else for no filter."""

    field_class = forms.TypedChoiceField

    def __init__(self, *args: Any, **options: Any) -> None:
        options |= {"choices": TRUE_OR_FALSE, "coerce": lambda word: word == "true"}
        super().__init__(*args, **options)


class StrictNegotiation(DefaultContentNegotiation):
    """DRF's own says of a format that it does not know that nothing is at this address."""

    def filter_renderers(self, renderers: Any, format: str) -> Any:
        found = [one for one in renderers if one.format == format]
        if not found:
            said = f"There are: {', '.join(one.format for one in renderers)}."
            raise serializers.ValidationError({FORMAT: [said]})
        return found
