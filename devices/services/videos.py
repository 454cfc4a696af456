"""What videos a device has. Only old firmware says; newer has no list at all."""

from datetime import timedelta
from typing import Any

from devices.client import VIDEO_LIST_BYTES, BadAnswer
from devices.models import Device
from devices.services.asking import Target, ask_one, confirmed_id

CHUNK = ".h264"


def video_listing(device: Device, *, timeout: timedelta | None = None) -> frozenset[str] | None:
    """File names of the device's video chunks; None: its firmware does not list them.

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
    listed = answer.get("video_files", answer)  # still older: only the files
    names = {name.rpartition("/")[2] for name in listed} if isinstance(listed, dict) else {""}
    if not all(name.isprintable() and 0 < len(name) <= 255 for name in names):
        raise BadAnswer(f"{device.address}: its list of videos cannot be read")
    return frozenset(name for name in names if name.endswith(CHUNK))
