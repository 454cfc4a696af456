"""The shape of JSON: its keys in their order, and the types of its values."""

from typing import Any

PROBLEM = ["type", "title", "status", "detail", "code"]  # of an error; with `errors` of parameters


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return [(key, shape(each)) for key, each in value.items()]
    if isinstance(value, list):
        return [shape(each) for each in value]
    return type(value).__name__


def keys(value: dict[str, Any]) -> list[str]:
    return list(value)
