"""Names and moments that the tests of the ledger share."""

from tests.engine.videos.conftest import DEVICE

NOW = 1_795_000_000  # November 2026
STAMP = "2026-01-03_10-00-00"
STARTED = 1_767_434_400  # the same, were the device in UTC
NAL = b"\0\0\0\1\x67"


def chunk(number, *, stamp=STAMP, device=DEVICE, suffix="h264"):
    return f"{stamp}_{device}__1280x960@15fps-20q_{number:05d}.{suffix}".encode()
