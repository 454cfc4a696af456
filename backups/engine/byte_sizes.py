"""A number of bytes as the node's own pages write it."""

UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


def human_size(size_bytes: int) -> str:
    """0.0 B, 1.5 KB, 1.0 TB: steps of 1024, always one decimal."""
    size = float(size_bytes)
    for unit in UNITS[:-1]:
        if round(size, 1) < 1024:
            return f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} {UNITS[-1]}"
