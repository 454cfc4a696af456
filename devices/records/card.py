"""A device's SD card, from its machine page. That page holds the Wi-Fi password: it stops here."""

from dataclasses import dataclass
from typing import Any

from devices.records.fields import Fields

MOST_PARTITIONS = 20
_COLUMNS = ("Filesystem", "Type", "Size", "Used", "Avail", "Use%", "Mounted")
_DATA_PLACES = ("/ethoscope_data", "/")  # where the data lies: the first that is a partition


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRecord:
    """How full the card is and how old. Sizes are as `df -h` shows them."""

    partitions: tuple[dict[str, str], ...]
    used_percent: int | None
    age_seconds: float | None
    name: str


def parse_card(machine: dict[str, Any]) -> CardRecord:
    fields = Fields(machine, [])
    listed = machine.get("partitions")
    rows = listed[:MOST_PARTITIONS] if isinstance(listed, list) else []
    told = (_partition(row) for row in rows if isinstance(row, dict))
    partitions = tuple(partition for partition in told if partition["Mounted"])
    return CardRecord(
        partitions=partitions,
        used_percent=_used_percent(partitions),
        age_seconds=fields.number("SD_CARD_AGE", least=0, most=1e10),
        name=fields.text("SD_CARD_NAME", longest=100),
    )


def _partition(row: dict[str, Any]) -> dict[str, str]:
    fields = Fields(row, [])
    return {column: fields.text(column, longest=64) for column in _COLUMNS}


def _used_percent(partitions: tuple[dict[str, str], ...]) -> int | None:
    used = {partition["Mounted"]: partition["Use%"].removesuffix("%") for partition in partitions}
    for place in _DATA_PLACES:
        if (percent := used.get(place, "")).isdecimal() and len(percent) <= 3:
            return min(int(percent), 100)
    return None
