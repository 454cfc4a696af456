"""Ask for JSON over HTTP: one deadline for the whole exchange, a size cap, nothing followed.

Time-outs of sockets start anew with each read, so a server that sends a byte a second never
meets one. Here a watchdog shuts the socket down at the deadline, wherever the exchange is then.
"""

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from http.client import HTTPException
from threading import Timer
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

import msgspec
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from devices.addresses import places_of
from devices.loosejson import mended
from devices.texts import one_line

NODE_BYTES = 20_000_000
RSYNC_STATUS_BYTES = 64_000_000
DEVICE_BYTES = 1_000_000
VIDEO_LIST_BYTES = 64_000_000
LONGEST_TEXT = 300
_PIECE = 65536

T = TypeVar("T")


class AskFailed(Exception):
    """No usable answer. The text names whom we asked, for what, and what went wrong."""


class Unreachable(AskFailed):
    """There was no connection, or it broke before an answer began."""


class TooSlow(AskFailed):
    """The answer was not complete at the deadline."""


class TooLarge(AskFailed):
    """The answer is larger than any real one."""


class BadAnswer(AskFailed):
    """It answered, but with an error or with something that cannot be read."""

    def __init__(self, text: str, *, http_status: int = 200) -> None:
        super().__init__(text)
        self.http_status = http_status


class _Refusal(msgspec.Struct, forbid_unknown_fields=True):
    """How the node, the daemons and the devices report a failure: HTTP 200, and only this."""

    error: str


def get_json(
    url: str,
    *,
    type: type[T],
    timeout: timedelta,
    max_bytes: int,
    networks: Sequence[str] | None = None,
) -> T:
    """Ask, and decode the answer strictly into `type`. Raises only AskFailed."""
    body = get_body(url, timeout=timeout, max_bytes=max_bytes, networks=networks)
    with _named(url):
        return decoded(body, type=type)


def get_body(
    url: str, *, timeout: timedelta, max_bytes: int, networks: Sequence[str] | None = None
) -> bytes:
    """The body of a 200 answer that is no error report. Raises only AskFailed.

    `networks`: where the address may lie, unless a person set it.
    """
    deadline = time.monotonic() + timeout.total_seconds()
    too_slow = TooSlow(f"no whole answer in {timeout.total_seconds():g} s")
    with _named(url):
        try:
            connection = _connection(urlsplit(url), deadline=deadline, networks=networks)
            body = _exchange(connection, urlsplit(url), deadline=deadline, max_bytes=max_bytes)
        except (OSError, HTTPException, HTTPError, ValueError) as error:
            if time.monotonic() >= deadline or isinstance(error, TimeoutError):
                raise too_slow from error
            raise _failure(error) from error
        if time.monotonic() >= deadline:  # cut off by the watchdog: what looks whole may not be
            raise too_slow
        _refuse_error_report(body)
    return body


def decoded(body: bytes, *, type: type[T]) -> T:
    """Decode strictly; NaN and absurd nesting become null. Raises BadAnswer."""
    try:
        return msgspec.json.decode(body, type=type)
    except msgspec.ValidationError as error:
        raise BadAnswer(f"unexpected form: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return msgspec.json.decode(mended(bytes(body)), type=type)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswer(f"not JSON: {error}") from error


def readable(text: str) -> str:
    """One printable line of at most LONGEST_TEXT characters."""
    return one_line(text, limit=LONGEST_TEXT)


@contextmanager
def _named(url: str) -> Iterator[None]:
    """Put whom we asked, and for what, before the text of any failure. Never a password."""
    try:
        yield
    except AskFailed as error:
        whom = url.partition("?")[0].partition("://")[2].rpartition("@")[2]
        error.args = (readable(f"{whom}: {error}"),)
        raise


def _exchange(
    connection: HTTPConnection, parts: SplitResult, *, deadline: float, max_bytes: int
) -> bytes:
    with closing(connection):
        connection.connect()
        with _watchdog(connection.sock, deadline=deadline):
            path = parts.path or "/"
            connection.request(
                "GET",
                f"{path}?{parts.query}" if parts.query else path,
                headers={"Connection": "close"},
                preload_content=False,
                decode_content=False,
            )
            with closing(connection.getresponse()) as response:
                _refuse_unless_plain_200(response)
                return _read(response, max_bytes=max_bytes)


def _connection(
    parts: SplitResult, *, deadline: float, networks: Sequence[str] | None
) -> HTTPConnection:
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Unreachable("not an http:// or https:// address")
    kind = _HTTPS if parts.scheme == "https" else _HTTP
    connection = kind(parts.hostname, parts.port, timeout=_left(deadline))
    connection.deadline, connection.networks = deadline, networks
    return connection


class _HTTP(HTTPConnection):
    deadline: float
    networks: Sequence[str] | None

    def _new_conn(self) -> socket.socket:
        return _connected(self.host, self.port, self.networks, deadline=self.deadline)


class _HTTPS(HTTPSConnection):
    deadline: float
    networks: Sequence[str] | None

    def _new_conn(self) -> socket.socket:
        return _connected(self.host, self.port, self.networks, deadline=self.deadline)


def _connected(
    host: str, port: int, networks: Sequence[str] | None, *, deadline: float
) -> socket.socket:
    """Try every address of the host, but all of them within the one deadline."""
    problem: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in places_of(host, port, networks):
        candidate = socket.socket(family, kind, protocol)
        try:
            candidate.settimeout(_left(deadline))
            candidate.connect(address)
        except OSError as error:
            candidate.close()
            problem = error
        else:
            return candidate
    raise problem


@contextmanager
def _watchdog(sock: socket.socket, *, deadline: float) -> Iterator[None]:
    timer = Timer(_left(deadline), _shut, args=[sock])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):  # closed in the meantime: nothing is left to shut
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # TLS has its own, which waits


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.001)


def _refuse_unless_plain_200(response: BaseHTTPResponse) -> None:
    if response.status != 200:
        kind = "redirects, which is not followed" if 300 <= response.status < 400 else "answered"
        raise BadAnswer(f"{kind} (HTTP {response.status})", http_status=response.status)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise BadAnswer("the answer is compressed, which was not asked for")


def _read(response: BaseHTTPResponse, *, max_bytes: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and len(announced) < 20:
        size_announced = int(announced)
        if size_announced > max_bytes:
            raise TooLarge(f"the answer has {size_announced:,} bytes, more than {max_bytes:,}")
    for piece in response.stream(_PIECE, decode_content=False):
        size += len(piece)
        if size > max_bytes:
            raise TooLarge(f"the answer has more than {max_bytes:,} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def _refuse_error_report(body: bytes) -> None:
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        lines = msgspec.json.decode(body, type=_Refusal).error.strip().splitlines()
        raise BadAnswer(f"answered with an error: {lines[-1] if lines else 'without words'}")


def _failure(error: Exception) -> AskFailed:
    if isinstance(error, HTTPError | HTTPException) and not isinstance(error, ConnectionError):
        return BadAnswer(f"the answer is cut off or no HTTP: {error}")
    if isinstance(error, OSError) and error.strerror:
        return Unreachable(error.strerror)
    return Unreachable(str(error) or type(error).__name__)
