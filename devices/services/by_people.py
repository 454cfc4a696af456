"""What people set of a device: group, lifecycle and notes; and who changed what, and when."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from devices.models import Device, Lifecycle
from devices.texts import one_line

SHOWN = 30
LONGEST = 80
LONGEST_REASON = 100
BEGAN_AS = {"group": "none", "lifecycle": Lifecycle.ACTIVE.label, "notes": "none"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonsChange:
    """`by` "": nobody knows who."""

    at: datetime
    by: str
    words: str


def set_by_people(devices: Iterable[Device], *, by: Any, why: str = "", **values: Any) -> int:
    """Set this of each that has it otherwise, in somebody's name. Returns how many there were."""
    reason = one_line(why, limit=LONGEST_REASON) or None
    changed = 0
    for device in devices:
        wanted = {name: new for name, new in values.items() if getattr(device, name) != new}
        if not wanted:
            continue
        for name, new in wanted.items():
            setattr(device, name, new)
        device._change_reason = reason  # type: ignore[attr-defined]
        device._history_user = by  # type: ignore[attr-defined]  # simple_history reads it
        device.save(update_fields=list(wanted))
        changed += 1
    return changed


def changes_by_people(device: Device) -> list[PersonsChange]:
    """The newest first. One query."""
    rows = device.history.select_related("history_user", "group").order_by("-history_id")
    newest = list(rows[: SHOWN + 1])[::-1]
    return list(_changes(newest, is_cut=len(newest) > SHOWN))[::-1]


def _changes(rows: list[Any], *, is_cut: bool) -> Iterator[PersonsChange]:
    before = BEGAN_AS
    for place, row in enumerate(rows):
        now = _set_in(row)
        is_first = place == 0 and (is_cut or row.history_type == "+")
        if not is_first and now != before:
            said = [
                f"{name}: {before[name]} → {new}"
                for name, new in now.items()
                if new != before[name]
            ]
            said += [row.history_change_reason] if row.history_change_reason else []
            who = row.history_user.get_username() if row.history_user else ""
            yield PersonsChange(at=row.history_date, by=who, words="; ".join(said))
        before = now


def _set_in(row: Any) -> dict[str, str]:
    return {
        "group": str(row.group) if row.group else "none",
        "lifecycle": row.get_lifecycle_display(),
        "notes": one_line(row.notes, limit=LONGEST) or "none",
    }
