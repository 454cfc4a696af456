"""Which bytes of a file a request asks for (RFC 9110, 14): all of it, or one part."""

import re
from typing import NamedTuple

from django.http import HttpRequest
from django.utils.http import parse_http_date_safe

_ONE = re.compile(r"bytes=[ \t]*([0-9]{0,19})-([0-9]{0,19})[ \t]*", re.IGNORECASE)


class Part(NamedTuple):
    """From `start` on, `length` bytes. `whole`: nothing else was asked for."""

    start: int
    length: int
    whole: bool = False


class Unsatisfiable(Exception):
    """The file has no such bytes."""


def asked_part(request: HttpRequest, *, size: int, etag: str, modified: int) -> Part:
    """What cannot be read, or names several parts, asks for all, as does what asks for a part of
    another content (`If-Range`). Raises Unsatisfiable."""
    found = _ONE.fullmatch(request.headers.get("Range", ""))
    if found is None or not any(found.groups()) or not _is_of(request, etag, modified):
        return Part(0, size, whole=True)
    first, last = found.groups()
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if first and last and int(last) < start:
        return Part(0, size, whole=True)
    if start > end:
        raise Unsatisfiable
    return Part(start, end - start + 1)


def _is_of(request: HttpRequest, etag: str, modified: int) -> bool:
    """A date is as coarse as a second: only one that is that of the file at all is taken."""
    condition = request.headers.get("If-Range", "").strip()
    if not condition or condition == etag:
        return True
    return parse_http_date_safe(condition) == modified
