"""`/api/v1/videos/`: the chunks on the node's disk, as the last scan of each device saw them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backups.api.permissions import MayAct
from backups.services.video_pages import BadCursor, VideoPage, video_page
from devices.ids import DEVICE_ID

MOST_VIDEOS = 1000


class VideoQuery(serializers.Serializer):
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
    after = serializers.CharField(
        required=False, max_length=8000, help_text="`next` of the page before"
    )
    limit = serializers.IntegerField(
        required=False, default=100, min_value=1, max_value=MOST_VIDEOS
    )


class VideoSerializer(serializers.Serializer):
    device = serializers.CharField()
    recording = serializers.CharField()
    name = serializers.CharField()
    size_bytes = serializers.IntegerField()
    modified_at = serializers.DateTimeField()


class VideoPageSerializer(serializers.Serializer):
    next = serializers.CharField(
        allow_blank=True, help_text="Ask with after=… for the next page; empty: this is the last"
    )
    problems = serializers.ListField(
        child=serializers.CharField(), help_text="Devices whose files cannot be listed, and why"
    )
    results = VideoSerializer(many=True)


class VideosView(APIView):
    """Video files by name. Pages keep their place while files come and go."""

    permission_classes = [MayAct]
    action_permission = "devices.view_device"

    @extend_schema(parameters=[VideoQuery], responses=VideoPageSerializer)
    def get(self, request: Request) -> Response:
        query = VideoQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        try:
            page = video_page(
                asked.get("device"),
                recording=asked.get("recording"),
                search=asked.get("search", ""),
                after=asked.get("after"),
                limit=asked["limit"],
            )
        except BadCursor as error:
            raise serializers.ValidationError({"after": [str(error)]}) from error
        return Response(_body(page))


def _body(page: VideoPage) -> dict[str, Any]:
    results = [
        {
            "device": video.device_id,
            "recording": video.chunk.folder,
            "name": video.chunk.name,
            "size_bytes": video.chunk.size_bytes,
            "modified_at": video.chunk.modified_at,
        }
        for video in page.videos
    ]
    return {"next": page.following, "problems": list(page.problems), "results": results}
