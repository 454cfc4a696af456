"""What videos a device has. Only old firmware says; newer has no list at all."""

from datetime import timedelta
from typing import Any

from devices.client import VIDEO_LIST_BYTES, BadAnswer
from devices.models import Device
from devices.services.asking import Target, ask_one, confirmed_id

VIDEOS = (".h264", ".avi", ".mp4")  # of each, some firmware recorded its chunks


def video_listing(device: Device, *, timeout: timedelta | None = None) -> frozenset[str] | None:
    """File names of the device's videos; None: its firmware does not list them.

    Raises AskFailed.
    """
    confirmed_id(Target(device.address, device.device_id))
    try:
        answer = ask_one(
            device.address,
            "/list_video_files",
            type=dict[str, Any],
            timeout=timeout,
            max_bytes=VIDEO_LIST_BYTES,
        )
    except BadAnswer as error:
        if error.http_status == 404:
            return None
        raise
    names = {name.rpartition("/")[2] for name in _files(answer, device.address)}
    if not all(name.isprintable() and 0 < len(name) <= 255 for name in names):
        raise BadAnswer(f"{device.address}: its list of videos cannot be read")
    return frozenset(name for name in names if name.endswith(VIDEOS))


def _files(answer: dict[str, Any], address: str) -> dict[str, Any]:
    """The files by name. Whatever is no list of files says nothing, and never "no videos"."""
    if isinstance(listed := answer.get("video_files"), dict):
        return listed
    if all(isinstance(told, dict) for told in answer.values()) and any(
        map(_is_video, answer.items())
    ):
        return answer  # still older: only the files
    raise BadAnswer(f"{address}: its answer is no list of videos")


def _is_video(entry: tuple[str, Any]) -> bool:
    name, told = entry
    return name.endswith(VIDEOS) and bool({"path", "hash"} & told.keys())
