"""Files that lie on another storage are given by the web server there, through this one.

What is asked for is asked there once more, with a token that is good for this address, this person
and some minutes. Whether the person may was found out here, and is found out there again.
"""

import time
from collections.abc import Callable, Iterator
from http import HTTPStatus

import structlog
import urllib3
from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from backups.services.storages import OtherStorage
from devices.models import Storage

HEADER = "X-Ethonode-Relay"
SALT = "ethonode.relay"
GOOD_FOR = 300.0  # seconds; by so much the clocks of two hosts may differ
PIECE = 256 * 1024
PATIENCE = urllib3.Timeout(connect=5.0, read=60.0)
ASKED = ("Accept", "Range", "If-Range", "If-None-Match", "If-Modified-Since")
GIVEN = (
    "Content-Type", "Content-Length", "Content-Range", "Content-Disposition", "ETag",
    "Last-Modified", "Accept-Ranges", "Cache-Control", "X-Content-Type-Options",
    "Content-Security-Policy", "X-Files", "X-Files-Left-Out", "Retry-After",
)  # fmt: skip
log = structlog.get_logger(__name__)
_connections = urllib3.PoolManager(maxsize=24, retries=False)


class RelayFailed(Exception):
    """The storage gives no answer; the text says why."""


class RelayFiles:
    """Whatever looks for files and finds that they lie elsewhere ends here, and goes there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.STORAGE and HEADER in request.headers:
            try:
                take_over(request)
            except signing.BadSignature as error:
                return _plain(HTTPStatus.FORBIDDEN, f"This is no relay of ours: {error}")
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        if not isinstance(error, OtherStorage):
            return None
        try:
            return relayed(request, error)
        except RelayFailed as failed:
            return _plain(HTTPStatus.SERVICE_UNAVAILABLE, str(failed))


def take_over(request: HttpRequest) -> None:
    """Be the person that the other web server asks for. Raises BadSignature."""
    told = signing.loads(request.headers[HEADER], salt=SALT)
    if told["path"] != request.get_full_path() or request.method not in {"GET", "HEAD"}:
        raise signing.BadSignature("it is for another address")
    if not -GOOD_FOR < told["until"] - time.time() < 2 * GOOD_FOR:
        raise signing.SignatureExpired("it has ended, or the clocks of the two hosts differ")
    if told["user"] is not None:  # else who asks may what the web server itself may
        user = User.objects.filter(pk=told["user"], is_active=True).first()
        if user is None:
            raise signing.BadSignature("there is no such person")
        request.user = user
    request.META["HTTP_HOST"], request.META["wsgi.url_scheme"] = told["host"], told["scheme"]


def token_for(request: HttpRequest) -> str:
    told = {
        "path": request.get_full_path(),
        "user": request.user.pk,
        "until": time.time() + GOOD_FOR,
        "host": request.get_host(),
        "scheme": request.scheme,
    }
    return signing.dumps(told, salt=SALT)


def relayed(request: HttpRequest, error: OtherStorage) -> HttpResponseBase:
    """The answer of the storage, as it comes. Raises RelayFailed."""
    storage = error.storage
    if settings.STORAGE or storage is None or request.method not in {"GET", "HEAD"}:
        raise RelayFailed(str(error))
    if not storage.url:
        raise RelayFailed(f"{error}; no web server of it is known here")
    answer = _ask(storage, request)
    headers = {name: answer.headers[name] for name in GIVEN if name in answer.headers}
    log.info("relayed", storage=storage.name, path=request.path, status=answer.status)
    if answer.status == HTTPStatus.NOT_MODIFIED:
        answer.close()
        return HttpResponse(status=answer.status, headers=headers)
    pieces = _Pieces(answer, storage)
    return StreamingHttpResponse(pieces, status=answer.status, headers=headers)


def _ask(storage: Storage, request: HttpRequest) -> urllib3.BaseHTTPResponse:
    headers = {name: request.headers[name] for name in ASKED if name in request.headers}
    headers |= _secret_of_forms(request)
    headers["Host"] = request.get_host()  # allowed on all hosts; its own address is not
    try:
        answer = _connections.request(
            str(request.method),
            storage.url.rstrip("/") + request.get_full_path(),
            headers=headers | {HEADER: token_for(request), "Connection": "close"},
            timeout=PATIENCE,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
    except urllib3.exceptions.HTTPError as error:
        why = type(error).__name__
        raise RelayFailed(
            f"the web server of the storage “{storage}” does not answer: {why}"
        ) from error
    if 300 <= answer.status < 400 and answer.status != HTTPStatus.NOT_MODIFIED:
        answer.close()
        raise RelayFailed(f"the web server of the storage “{storage}” does not take our token")
    return answer


def _secret_of_forms(request: HttpRequest) -> dict[str, str]:
    """What a page that is made there has in its forms is to hold here, where they are sent."""
    secret = request.COOKIES.get(settings.CSRF_COOKIE_NAME, "")
    if not (secret.isascii() and secret.isalnum()):
        return {}
    return {"Cookie": f"{settings.CSRF_COOKIE_NAME}={secret}"}


class _Pieces:
    """What breaks off there breaks off here: the length was told."""

    def __init__(self, answer: urllib3.BaseHTTPResponse, storage: Storage) -> None:
        self._answer, self._storage = answer, storage

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._answer.stream(PIECE, decode_content=False)
        except urllib3.exceptions.HTTPError as error:
            log.warning("relay broken off", storage=self._storage.name, why=str(error))
            raise

    def close(self) -> None:
        self._answer.close()


def _plain(status: HTTPStatus, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
