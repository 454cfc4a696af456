"""What a service of the lab answers, before it is put on the wire."""

import json
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import Any, Protocol

TRACEBACK = "Traceback (most recent call last):\n  (lines left out)\n"


class Role(StrEnum):
    """The kinds of servers in a lab; a fault on the wire goes to one of them."""

    NODE = "node"
    MYSQL = "mysql"
    RSYNC = "rsync"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Answer:
    """JSON; or, where `html` is given, the page of an error; or `raw`, sent as if it were JSON."""

    payload: Any = None
    status: int = 200
    html: str = ""
    raw: str | None = None

    def text(self, *, indent: int | None = None) -> str:
        """The body. Python's own JSON: an unmarked NaN goes out as upstream would send it."""
        if self.html:
            return self.html
        return json.dumps(self.payload, indent=indent) if self.raw is None else self.raw


class Service(Protocol):
    """One server of the lab."""

    @property
    def role(self) -> Role: ...

    @property
    def device_id(self) -> str:
        """Of a device's server; empty for the others."""

    def answer(self, path: str) -> Answer: ...


_PAGE = """
    <!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">
    <html>
        <head>
            <title>Error: {status}</title>
        </head>
        <body>
            <h1>Error: {status}</h1>
            <p>Sorry, the requested URL <tt>&#039;{path}&#039;</tt>
               caused an error:</p>
            <pre>{reason}: &#039;{path}&#039;</pre>
        </body>
    </html>
"""


def error_page(status: int, reason: str, path: str) -> Answer:
    page = _PAGE.format(status=f"{status} {reason}", path=escape(path), reason=reason)
    return Answer(status=status, html=page)


def error_200(text: str) -> Answer:
    """How the node and the devices tell of a failure: with HTTP 200."""
    return Answer({"error": text})
