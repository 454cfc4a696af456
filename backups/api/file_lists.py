"""`/api/v1/files/`: what is saved, file by file, with digests to sync and to check it by."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from backups.api.errors import BrokenOff, CannotBeDone
from backups.api.parameters import checked
from backups.api.permissions import MayAct
from backups.services.files import (
    BadPage,
    FileKind,
    FilePage,
    FileQuery,
    SavedFile,
    file_page,
    files_of,
)
from backups.services.files.archive import sum_line
from devices.ids import DEVICE_ID

MOST_ROWS = 1000
LONGEST_CURSOR = 3000
NARROWING = ("device", "kind", "experiment", "recording", "search")


class NarrowedFiles(serializers.Serializer[Any]):
    """Which files; what is left out narrows nothing."""

    device = serializers.RegexField(rf"\A{DEVICE_ID}\Z", required=False, help_text="Machine id")
    kind = serializers.ChoiceField([kind.value for kind in FileKind], required=False)
    experiment = serializers.CharField(
        required=False, max_length=200, help_text="File name of its database"
    )
    recording = serializers.CharField(
        required=False,
        max_length=400,
        help_text="When it began, as in its chunks' names; or its folder below the device's",
    )
    search = serializers.CharField(
        required=False, max_length=255, help_text="Part of the name, in any case"
    )

    @property
    def asked(self) -> FileQuery:
        told = self.validated_data
        return FileQuery(**{name: told[name] for name in NARROWING if name in told})


class FilePageQuery(NarrowedFiles):
    after = serializers.CharField(
        required=False, max_length=LONGEST_CURSOR, help_text="`next` of the page before"
    )
    limit = serializers.IntegerField(required=False, default=100, min_value=1, max_value=MOST_ROWS)


class SavedFileSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    device = serializers.CharField()
    kind = serializers.ChoiceField([kind.value for kind in FileKind])
    name = serializers.CharField(help_text="Its path below all that is saved")
    size_bytes = serializers.IntegerField(help_text="As of the last look")
    modified_at = serializers.DateTimeField(allow_null=True)
    blake2b = serializers.CharField(
        help_text="512 bits as `b2sum` writes them; empty: this content was not read to its end yet"
    )
    read_at = serializers.DateTimeField(allow_null=True, help_text="When it had that digest")
    experiment = serializers.CharField(help_text="File name of its database; empty: of none")
    recording = serializers.CharField(help_text="When it began; empty: of none")
    growing = serializers.BooleanField(help_text="What is downloaded is of one moment")
    content = serializers.CharField(help_text="Where its bytes are")


class SavedFilePageSerializer(serializers.Serializer[Any]):
    next = serializers.CharField(
        allow_blank=True, help_text="Ask with after=… for the next page; empty: this is the last"
    )
    problems = serializers.ListField(
        child=serializers.CharField(), help_text="Whose files cannot be listed now, and why"
    )
    results = SavedFileSerializer(many=True)


class FilesView(APIView):
    """What is saved, by device, kind and name. Pages keep their place while files come and go."""

    permission_classes = [MayAct]
    action_permission = "devices.view_device"

    @extend_schema(
        parameters=[FilePageQuery], responses=SavedFilePageSerializer, operation_id="files_page"
    )
    def get(self, request: Request) -> Response:
        query = checked(FilePageQuery, request)
        told = query.validated_data
        try:
            page = file_page(query.asked, after=told.get("after", ""), limit=told["limit"])
        except BadPage as error:
            raise serializers.ValidationError({"after": [str(error)]}) from error
        return Response(_body(page, request))


class SumsView(APIView):
    """The digests of all files that are asked for, as `b2sum -c` reads them.

    A file that was not read to its end yet has none, and no line: compare how many there are.
    Where files cannot be listed there is no answer, or one that breaks off.
    """

    permission_classes = [MayAct]
    action_permission = "devices.view_device"

    @extend_schema(
        parameters=[NarrowedFiles],
        responses={(200, "text/plain"): OpenApiTypes.STR},
        operation_id="files_b2sums",
    )
    def get(self, request: Request) -> HttpResponseBase:
        pages = files_of(checked(NarrowedFiles, request).asked)
        first = next(pages)
        if first.problems:
            raise CannotBeDone("; ".join(first.problems))
        lines = _lines(chain([first], pages))
        return StreamingHttpResponse(lines, content_type="text/plain; charset=utf-8")


def _lines(pages: Iterable[FilePage]) -> Iterator[bytes]:
    for page in pages:
        if page.problems:
            raise BrokenOff("; ".join(page.problems))
        yield b"".join(sum_line(file.digest, file.name) for file in page.files if file.digest)


def _body(page: FilePage, request: Request) -> dict[str, Any]:
    rows = [_row(file, request) for file in page.files]
    return {"next": page.following, "problems": list(page.problems), "results": rows}


def _row(file: SavedFile, request: Request) -> dict[str, Any]:
    return {
        "id": file.id,
        "device": file.device.device_id,
        "kind": file.kind.value,
        "name": file.name,
        "size_bytes": file.size_bytes,
        "modified_at": file.modified_at,
        "blake2b": file.digest,
        "read_at": file.digest_at,
        "experiment": file.experiment,
        "recording": file.recording,
        "growing": file.growing,
        "content": reverse("api:file-content", [file.id], request=request),
    }
