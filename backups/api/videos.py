"""`/api/v1/videos/`: the chunks on the node's disk, as the last scan of each device saw them."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from backups.api.csv_lists import all_or_none, is_csv
from backups.api.errors import BrokenOff
from backups.api.paging import LONGEST_CURSOR, OfFiles, page_size
from backups.api.parameters import checked
from backups.api.permissions import MayAct
from backups.api.viewsets import FIELDS, OurViewSet
from backups.models import Recording
from backups.services.video_pages import BadCursor, VideoPage, video_page
from devices.ids import DEVICE_ID

BLOCK = 1000
MOST_VIDEOS = 1_000_000  # in a table


class VideoQuery(serializers.Serializer[Any]):
    """What may be asked."""

    device = serializers.RegexField(
        rf"\A{DEVICE_ID}\Z", required=False, help_text="Machine id; without it: all devices"
    )
    recording = serializers.CharField(
        required=False, help_text="Folder below the device's own: <name>/<timestamp>"
    )
    search = serializers.CharField(
        required=False, max_length=255, help_text="Part of the file's name, in any case"
    )


class CursorQuery(VideoQuery):
    cursor = serializers.CharField(required=False, max_length=LONGEST_CURSOR)


class VideoSerializer(serializers.Serializer[Any]):
    device = serializers.CharField()
    recording = serializers.CharField()
    name = serializers.CharField()
    size_bytes = serializers.IntegerField()
    modified_at = serializers.DateTimeField()


class VideoViewSet(OurViewSet):
    """Video files by name. Pages keep their place while files come and go."""

    queryset = Recording.objects.none()
    serializer_class = VideoSerializer
    permission_classes = [MayAct]
    action_permission = "devices.view_device"
    filter_backends: list[type[Any]] = []
    pagination_class = OfFiles

    @extend_schema(parameters=[VideoQuery])
    def list(self, request: Request) -> HttpResponseBase:
        query = checked(CursorQuery, request, besides={FIELDS, *OfFiles.parameters})
        asked = dict(query.validated_data)
        cursor = asked.pop("cursor", "")
        if is_csv(request):
            return self._table(asked)
        pages: Any = self.paginator
        page = _page(asked, cursor, limit=page_size(request))
        pages.problems = page.problems
        pages.next = pages.link(request, page.following) if page.following else None
        return self.get_paginated_response(_rows(page))

    def known_parameters(self) -> set[str]:
        return {FIELDS, *VideoQuery().fields, *OfFiles.parameters}

    def _table(self, asked: dict[str, Any]) -> HttpResponseBase:
        return self.as_csv(map(_rows, all_or_none(_pages(asked))))


def _pages(asked: dict[str, Any]) -> Iterator[VideoPage]:
    """All of them, in blocks. Raises BrokenOff: a longer table is none."""
    cursor = ""
    for _ in range(0, MOST_VIDEOS, BLOCK):
        page = _page(asked, cursor, limit=BLOCK)
        yield page
        if not (cursor := page.following):
            return
    raise BrokenOff("too many videos for a table")


def _page(asked: dict[str, Any], cursor: str, *, limit: int) -> VideoPage:
    try:
        return video_page(
            asked.get("device"),
            recording=asked.get("recording"),
            search=asked.get("search", ""),
            after=cursor or None,
            limit=limit,
        )
    except BadCursor as error:
        raise serializers.ValidationError({"cursor": [str(error)]}) from error


def _rows(page: VideoPage) -> list[dict[str, Any]]:
    return [
        {
            "device": video.device_id,
            "recording": video.chunk.folder,
            "name": video.chunk.name,
            "size_bytes": video.chunk.size_bytes,
            "modified_at": video.chunk.modified_at,
        }
        for video in page.videos
    ]
