"""The node's /devices: a dict of entries, each read alone, so that a bad one costs only itself."""

from typing import Any

import msgspec

from devices.client import BadAnswer, decoded, readable
from devices.records.device import DeviceRecord
from devices.records.entry import BadEntry, parse_entry

PLACEHOLDER_NAME = "ETHOSCOPE_000"  # a device that was never set up; the node ignores it as well
MOST_DEVICES = 2000


def parse_devices(body: bytes) -> tuple[list[DeviceRecord], list[str]]:
    """Every device that can be read, and in words whatever could not.

    Raises BadAnswer only where there is no list at all.
    """
    entries = decoded(body, type=dict[str, msgspec.Raw])
    records: list[DeviceRecord] = []
    problems: list[str] = []
    for key, raw in list(entries.items())[:MOST_DEVICES]:
        try:
            entry = decoded(raw, type=dict[str, Any])
            record = parse_entry(key, entry, databases=entry.get("databases"))
        except (BadAnswer, BadEntry) as error:
            problems.append(readable(f"device {key[:64]!r} is skipped: {error}"))
            continue
        if record.name == PLACEHOLDER_NAME:
            continue
        records.append(record)
        problems += [readable(f"device {key}: {problem}") for problem in record.problems]
    if len(entries) > MOST_DEVICES:
        problems.append(f"only the first {MOST_DEVICES} of {len(entries)} devices are read")
    return records, problems
