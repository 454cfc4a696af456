"""Many saved files as one zip."""

from collections.abc import Iterator
from typing import Any

import structlog
from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from zipstream import ZipStream

from backups.api.downloads import DownloadView, as_attachment, found_or_404, note_download
from backups.api.file_lists import NarrowedFiles
from backups.api.parameters import checked
from backups.engine.copies.errors import LocalFailed
from backups.services.files import FilePage, files_of
from backups.services.files.archive import Archive, TooMuch, archive_of

MOST_IDS = 1000
log = structlog.get_logger(__name__)


class ZipQuery(NarrowedFiles):
    ids = serializers.CharField(
        required=False, max_length=100_000, help_text="Of single files, parted by commas"
    )


class ZipView(DownloadView):
    """All files that are asked for as one zip, not compressed, with their digests in `B2SUMS`.

    Its length is told first: a transfer that breaks off is too short. A file that cannot be opened
    when it begins, and a device whose files cannot be listed, is named in `LEFT-OUT.txt`; a file
    that changes after that breaks the transfer off.
    """

    @extend_schema(
        parameters=[ZipQuery],
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
        operation_id="files_zip",
    )
    def get(self, request: Request) -> HttpResponseBase:
        query = checked(ZipQuery, request)
        archive = _archive(query)
        stream = archive.stream()
        who, name = request.user.get_username(), _zip_name(query.validated_data)
        sending = SendingZip(archive, stream, who=who, name=name)
        response = StreamingHttpResponse(sending, headers={"Content-Length": str(len(stream))})
        response["X-Files"] = str(len(archive.entries))
        response["X-Files-Left-Out"] = str(len(archive.left_out))
        as_attachment(response, name)["Content-Type"] = "application/zip"
        return response


def _archive(query: ZipQuery) -> Archive:
    told = query.validated_data
    if not told:
        raise serializers.ValidationError({"device": ["Say which files: all is too many."]})
    try:
        if "ids" in told:
            files = tuple(found_or_404(one) for one in _ids(told["ids"]))
            return archive_of([FilePage(files=files, following="", problems=())])
        return archive_of(files_of(query.asked))
    except TooMuch as error:
        raise serializers.ValidationError({"device": [str(error)]}) from error


def _ids(text: str) -> list[str]:
    ids = text.split(",")
    if len(ids) > MOST_IDS:
        raise serializers.ValidationError({"ids": [f"More than {MOST_IDS}: ask for a filter."]})
    return ids


def _zip_name(told: dict[str, Any]) -> str:
    words = [told.get(name, "") for name in ("device", "experiment", "recording")]
    name = "_".join(word.replace("/", "_") for word in words if word)
    return f"{name or 'files'}.zip"


class SendingZip:
    """Its pieces; what it holds is let go also where nobody took one."""

    def __init__(self, archive: Archive, stream: ZipStream, *, who: str, name: str) -> None:
        self.archive, self.stream, self.who, self.name = archive, stream, who, name
        self.length, self.sent = len(stream), 0

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self.stream:
                yield piece
                self.sent += len(piece)
        except LocalFailed as error:
            log.warning("zip broken off", user=self.who, file=self.name, why=str(error))
            raise

    def close(self) -> None:
        self.archive.close()
        note_download(self.who, self.name, sent=self.sent, of=self.length)
