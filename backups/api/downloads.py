"""The bytes of one saved file. Each download is a line in the log."""

import errno
import os
from contextlib import ExitStack
from http import HTTPStatus
from typing import Any

import structlog
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, http_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.views import APIView

from backups.api.errors import Unavailable
from backups.api.handed_over import headers_for
from backups.api.parameters import refuse_unknown
from backups.api.permissions import MayAct
from backups.api.ranges import Part, Unsatisfiable, asked_part
from backups.engine.copies.errors import (
    LocalChanged,
    LocalCorrupt,
    LocalElsewhere,
    LocalFailed,
    LocalMissing,
)
from backups.engine.copies.opened import PIECE, OpenedCopy
from backups.services.files import NoSuchFile, SavedFile, find, opened

DOWNLOAD = "backups.download_files"
BYTES = {(200, "application/octet-stream"): OpenApiTypes.BINARY}
RANGE = OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="bytes=1000-")
log = structlog.get_logger(__name__)


class NotServed(exceptions.APIException):
    """What lies in its place is nothing that is given away."""

    status_code = HTTPStatus.CONFLICT
    default_code = "not_served"


class Sending:
    """What a web server reads: one part of an opened copy, and never of another content.

    gunicorn sends from `fileno`, piece by piece, and asks `check` between them; others `read`.
    """

    def __init__(self, copy: OpenedCopy, part: Part, *, file: SavedFile, who: str) -> None:
        self.copy, self.part, self.file, self.who = copy, part, file, who
        self.pieces = copy.pieces(start=part.start, length=part.length)
        self.sent = 0
        os.lseek(copy.handle, part.start, os.SEEK_SET)

    def fileno(self) -> int:
        return self.copy.handle

    def read(self, size: int = -1) -> bytes:
        piece = next(self.pieces, b"")
        self.sent += len(piece)
        return piece

    def check(self, sent: int) -> None:
        """So many more bytes have gone out. Raises BrokenPipeError where no more may follow."""
        self.sent += sent
        try:
            self.copy.check()
        except LocalChanged as error:
            log.warning("download broken off", user=self.who, file=self.file.name, why=str(error))
            raise BrokenPipeError(errno.EPIPE, str(error)) from error

    def close(self) -> None:
        if self.copy.handle >= 0:
            note_download(self.who, self.file.name, sent=self.sent, of=self.part.length)
        self.copy.close()


class SentFile(FileResponse):
    """It stays a file, to be sent by the system: who puts a log around its pieces makes it none."""

    block_size = PIECE

    def _set_streaming_content(self, value: Any) -> None:
        file = getattr(self, "file_to_stream", None)
        super()._set_streaming_content(value)  # type: ignore[misc]
        self.file_to_stream = self.file_to_stream or file


def note_download(who: str, name: str, *, sent: int, of: int) -> None:
    log.info("file downloaded", user=who, file=name, bytes=sent, whole=sent == of)


class DownloadView(APIView):
    """Of one file, or of many: whatever kind of answer is asked for, it is the bytes."""

    permission_classes = [MayAct]
    action_permission = DOWNLOAD

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001, FBT002  DRF's own
        return super().perform_content_negotiation(request, force=True)


class FileContentView(DownloadView):
    """One file. A part is given for `Range`, of the same content if `If-Range` has its ETag."""

    @extend_schema(
        parameters=[RANGE],
        responses={
            **BYTES,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            304: OpenApiResponse(description="You have this content already"),
            416: OpenApiResponse(description="It has no such bytes"),
        },
        operation_id="file_content",
    )
    def get(self, request: Request, file_id: str) -> HttpResponseBase:
        refuse_unknown(request, ())
        file = found_or_404(file_id)
        with ExitStack() as held:
            copy = held.enter_context(_opened(file))
            response = _answer(request, file, copy)
            if response.streaming:
                held.pop_all()  # closed by who sends it
        return response


def found_or_404(file_id: str) -> SavedFile:
    try:
        return find(file_id)
    except NoSuchFile as error:
        raise Http404 from error


def _opened(file: SavedFile) -> OpenedCopy:
    try:
        return opened(file)
    except LocalMissing as error:
        raise exceptions.NotFound("It was here at the last look, and is not any more.") from error
    except (LocalElsewhere, LocalCorrupt) as error:
        raise NotServed(f"{file.name}: {_said(error)}") from error
    except LocalFailed as error:
        raise Unavailable(f"{file.name}: {_said(error)}") from error


def _said(error: LocalFailed) -> str:
    """Without the path on our disk."""
    return str(error).rpartition(": ")[2]


def _answer(request: Request, file: SavedFile, copy: OpenedCopy) -> HttpResponseBase:
    etag, modified = f'"{copy.mark}"', copy.stamp.modified // 10**9
    http = request._request
    kept = get_conditional_response(http, etag=etag, last_modified=modified)
    if kept is not None:
        return kept
    try:
        part = asked_part(http, size=copy.size_bytes, etag=etag, modified=modified)
    except Unsatisfiable:
        return _unsatisfiable(copy.size_bytes)
    response = _body(request, file, copy, part)
    response["ETag"], response["Last-Modified"] = etag, http_date(modified)
    response["Accept-Ranges"] = "bytes"
    return response


def _body(request: Request, file: SavedFile, copy: OpenedCopy, part: Part) -> HttpResponseBase:
    who = request.user.get_username()
    if handed_over := headers_for(file, copy):
        log.info("file handed to the web server", user=who, file=file.name)
        return as_attachment(HttpResponse(headers=handed_over), file.name)
    sending = Sending(copy, part, file=file, who=who)
    response = SentFile(sending, status=200 if part.whole else 206)
    response["Content-Length"] = str(part.length)
    if not part.whole:
        last = part.start + part.length - 1
        response["Content-Range"] = f"bytes {part.start}-{last}/{copy.size_bytes}"
    return as_attachment(response, file.name)


def as_attachment(response: HttpResponseBase, name: str) -> HttpResponseBase:
    """It is saved under its name, and never shown as what its content may claim to be."""
    last = name.rpartition("/")[2].replace("\\", "_")
    response["Content-Type"] = "application/octet-stream"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=last)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-transform"
    return response


def _unsatisfiable(size: int) -> HttpResponse:
    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    return HttpResponse(status=status, headers={"Content-Range": f"bytes */{size}"})
