"""No page and no answer of the API steers who reads it, whatever a device or a file is called.

Names are checked where they come in; this is the gate at which nobody has to remember it. What only
steers becomes a visible sign. In JSON it may also stand as an escape.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from devices.texts import IN_THEIR_PLACE, STEERING

CLEANED = ("text/", "application/json", "application/problem+json", "application/vnd.oai.openapi")
SIGN = IN_THEIR_PLACE.encode()
# The same signs as in a text, as UTF-8 writes them; b"\r" is the end of a line in a form.
CONTROL = bytes(sorted({*range(0x20), 0x7F} - set(b"\t\n\r")))
BEYOND_ASCII = re.compile(
    b"|".join(char.encode() for char in map(chr, range(0x80, 0xFFFF)) if STEERING.match(char))
)
ESCAPED = re.compile(rb"\\(?:u([0-9A-Fa-f]{4})|[^u])")


class CleanAnswers:
    """A middleware. Files and streams pass as they are: they are data."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        kind = response.get("Content-Type", "")
        if isinstance(response, HttpResponse) and kind.startswith(CLEANED):
            content = cleaned(response.content, is_json="json" in kind)
            if content is not response.content:
                response.content = content
                if response.has_header("Content-Length"):
                    response["Content-Length"] = str(len(content))
        return response


def cleaned(content: bytes, *, is_json: bool) -> bytes:
    """The same object where there is nothing to clean, which is nearly always."""
    if len(content.translate(None, CONTROL)) != len(content):
        content = b"".join(SIGN if byte in CONTROL else bytes([byte]) for byte in content)
    if not content.isascii():
        content = BEYOND_ASCII.sub(SIGN, content)
    if is_json and b"\\" in content:
        content = ESCAPED.sub(_unescaped, content)
    return content


def _unescaped(found: re.Match[bytes]) -> bytes:
    """`\\r` is one of them too: in JSON it can end no line of a form."""
    code = found[1]
    steers = found[0] in {rb"\b", rb"\f", rb"\r"} or (
        code is not None and STEERING.fullmatch(chr(int(code, 16)))
    )
    return SIGN if steers else found[0]
