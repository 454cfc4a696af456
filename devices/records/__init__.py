"""What a node or a device says, read into records (pure). What cannot be read is reported."""

from devices.records.card import CardRecord, parse_card
from devices.records.device import DeviceRecord, ListedDatabase
from devices.records.entry import BadEntry, parse_entry
from devices.records.fields import is_address
from devices.records.inventory import started_at
from devices.records.listing import parse_devices
from devices.records.rows import COUNTED_TABLES, Extent, Rows, packed, unpacked

__all__ = [
    "COUNTED_TABLES",
    "BadEntry",
    "CardRecord",
    "DeviceRecord",
    "Extent",
    "ListedDatabase",
    "Rows",
    "is_address",
    "packed",
    "parse_card",
    "parse_devices",
    "parse_entry",
    "started_at",
    "unpacked",
]
