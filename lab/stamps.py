"""How the devices write times: names of folders and files, the node's strings. All UTC."""

from datetime import UTC, datetime


def folder_stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d_%H-%M-%S")


def node_string(at: float) -> str:
    """The naive text that the node's own database holds for a time."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def daemon_string(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def http_date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")


def dam_stamp(at: float) -> tuple[str, str]:
    """Date and time of one activity row, as the beam monitors of old wrote them."""
    moment = datetime.fromtimestamp(at, UTC)
    return moment.strftime("%d %b %Y"), moment.strftime("%H:%M:%S")


def human_size(size_bytes: float, *, whole_bytes: str = "{:.0f} B") -> str:
    """The sizes of the rsync daemon's answers; the node writes its bytes as `0.0 B`."""
    if size_bytes < 1024:
        return whole_bytes.format(size_bytes)
    for unit in ("KB", "MB", "GB"):
        size_bytes /= 1024
        if size_bytes < 1024:
            return f"{size_bytes:.1f} {unit}"
    return f"{size_bytes / 1024:.1f} TB"
