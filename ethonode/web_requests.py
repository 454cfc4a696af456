"""Whether the bytes of a request are all here, and what is answered to one that is not read.

Only where it ends is found here; what it means, and whether it is one, is gunicorn's to say.
"""

import json
import re
from http import HTTPStatus

MOST_HEAD = 64 << 10
MOST_BODY = 2_621_440  # as DATA_UPLOAD_MAX_MEMORY_SIZE: nothing here takes more
END_OF_HEAD = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,12})[ \t]*\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue", re.IGNORECASE)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Refused(Exception):
    """This request will not be read; `status` says why."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


def is_whole(data: bytearray) -> bool:
    """Head and body are here. Raises Refused for what is too long, or does not say how long."""
    head = _head(data)
    if head is None:
        if len(data) > MOST_HEAD:
            raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        return False
    if CHUNKED.search(head):
        raise Refused(HTTPStatus.LENGTH_REQUIRED)
    length = LENGTH.search(head)
    body = int(length[1]) if length else 0
    if body > MOST_BODY:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return len(data) >= len(head) + len(END_OF_HEAD) - 2 + body


def waits_for_leave(data: bytearray) -> bool:
    """The client sends its body only when it is told to."""
    head = _head(data)
    return head is not None and bool(EXPECTS.search(head))


def refusal(status: HTTPStatus) -> bytes:
    """In the API's shape of an error, for whoever asked."""
    problem = {"type": "about:blank", "title": status.phrase, "status": int(status)}
    body = json.dumps(problem).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def _head(data: bytearray) -> bytes | None:
    """With the end of its last line; None while it is not here."""
    end = data.find(END_OF_HEAD, 0, MOST_HEAD + len(END_OF_HEAD))
    return None if end < 0 else bytes(data[: end + 2])
