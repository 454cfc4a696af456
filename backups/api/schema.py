"""What the schema of the API says besides what the views say."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from backups.api.errors import PROBLEM
from backups.api.subjects import INTRO, SUBJECT_OF, TAGS

METHODS = {"get", "post", "put", "patch", "delete"}
SHAPE: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. `errors` is there where single parameters are wrong.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "example": "Bad Request"},
        "status": {"type": "integer", "example": 400},
        "detail": {"type": "string", "example": 'verdict: "green" is not a valid choice.'},
        "code": {"type": "string", "example": "invalid"},
        "errors": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
REFUSALS = {
    "400": "A parameter, or what was sent, cannot be: `errors` says which.",
    "401": "No login, or a token that does not hold.",
    "403": "This needs a right that you, or your token, have not.",
    "404": "No such thing.",
    "409": "As things stand it cannot be done; `detail` says why.",
    "429": "Too often; `Retry-After` says when again.",
    "503": "The queue or the database cannot be reached, or the disk is full.",
    "default": "It was not done; the answer says why.",
}
OF_READING = ("400", "401", "403", "default")
OF_ACTS = ("400", "401", "403", "404", "409", "429", "503", "default")
UNCHANGED = {"description": "You have this answer already (`If-None-Match`)."}
TABLE = {"schema": {"type": "string"}}
FIELDS = {
    "name": "fields",
    "in": "query",
    "description": "Only these fields of each row, parted by commas; the others lack.",
    "schema": {"type": "string"},
}
EXAMPLES = Path(__file__).with_name("examples.json")


def completed(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: groups, errors in the one shape, tables, examples."""
    result["info"]["description"], result["tags"] = INTRO, TAGS
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = SHAPE
    for name, example in examples().items():
        schemas[name]["example"] = example
    for path, method, operation in _operations(result):
        operation["tags"] = [SUBJECT_OF[path.split("/")[3]]]
        _refusals(operation, path, method)
        if operation["operationId"].endswith(("_list", "_retrieve")):
            _reading(operation)
    return result


@cache
def examples() -> dict[str, Any]:
    """Of the shapes, by name: made up for this page, and no device's."""
    return dict(msgspec.json.decode(EXAMPLES.read_bytes()))


def _operations(result: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in result["paths"].items():
        yield from ((path, method, one) for method, one in methods.items() if method in METHODS)


def _refusals(operation: dict[str, Any], path: str, method: str) -> None:
    statuses = OF_ACTS if method == "post" else OF_READING
    if "{" in path:
        statuses = (*statuses, "404")
    for status in statuses:
        operation["responses"][status] = _refusal(REFUSALS[status])


def _refusal(says: str) -> dict[str, Any]:
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": says, "content": content}


def _reading(operation: dict[str, Any]) -> None:
    operation["responses"]["304"] = UNCHANGED
    content = operation["responses"]["200"]["content"]
    if "text/csv" in content:
        content["text/csv"] = TABLE
    if "application/json" in content:
        operation.setdefault("parameters", []).append(FIELDS)
