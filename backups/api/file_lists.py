"""`/api/v1/files/`: what is saved, file by file, with digests to sync and to check it by."""

import builtins
from typing import Any

from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from backups.api.csv_lists import all_or_none, is_csv
from backups.api.paging import LONGEST_CURSOR, OfFiles, page_size
from backups.api.parameters import checked
from backups.api.permissions import MayAct
from backups.api.viewsets import FIELDS, OurViewSet
from backups.models import ResultCopy
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
    cursor = serializers.CharField(required=False, max_length=LONGEST_CURSOR)


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


class FileViewSet(OurViewSet):
    """What is saved, by device, kind and name. Pages keep their place while files come and go."""

    queryset = ResultCopy.objects.none()
    serializer_class = SavedFileSerializer
    permission_classes = [MayAct]
    action_permission = "devices.view_device"
    filter_backends: list[type[Any]] = []
    pagination_class = OfFiles

    @extend_schema(parameters=[NarrowedFiles])
    def list(self, request: Request) -> HttpResponseBase:
        query = checked(FilePageQuery, request, besides={FIELDS, *OfFiles.parameters})
        if is_csv(request):
            return self._table(query.asked)
        pages: Any = self.paginator
        try:
            after = query.validated_data.get("cursor", "")
            page = file_page(query.asked, after=after, limit=page_size(request))
        except BadPage as error:
            raise serializers.ValidationError({"cursor": [str(error)]}) from error
        pages.problems = page.problems
        pages.next = pages.link(request, page.following) if page.following else None
        return self.get_paginated_response(self._rows(page))

    def known_parameters(self) -> set[str]:
        return {FIELDS, *NarrowedFiles().fields, *OfFiles.parameters}

    def _table(self, asked: FileQuery) -> HttpResponseBase:
        return self.as_csv(map(self._rows, all_or_none(files_of(asked))))

    def _rows(self, page: FilePage) -> builtins.list[dict[str, Any]]:
        return [_row(file, self.request) for file in page.files]


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
        pages = all_or_none(files_of(checked(NarrowedFiles, request).asked))
        return StreamingHttpResponse(map(_lines, pages), content_type="text/plain; charset=utf-8")


def _lines(page: FilePage) -> bytes:
    return b"".join(sum_line(file.digest, file.name) for file in page.files if file.digest)


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
