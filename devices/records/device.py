"""A device as it was told, before the database. Every time here is on the device's clock."""

from dataclasses import dataclass
from datetime import datetime

from devices.records.rows import Extent

# What a device calls itself while it answers. `busy`, `unreached`, `offline`, null and words that
# nobody knows say that what follows is an older answer.
ANSWERING = frozenset(
    {"running", "stopped", "initialising", "stopping", "recording", "streaming", "online"}
)
WRITING = frozenset({"running", "stopping"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDatabase:
    """The database of one experiment, as the device lists it."""

    filename: str
    writer: str  # "sqlite" or "mysql"
    started_at: datetime | None
    state: str = ""  # display only
    path: str = ""  # where the device says that it keeps the file
    guessed: bool = False  # not in the inventory: its writer is the likelier one
    rows: Extent | None = None  # None: nobody tells
    size_bytes: int | None = None  # of the file there; None: nobody tells
    is_there: bool | None = None  # whether the device still has the file; None: nobody tells


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRecord:
    """One device as the node or the device itself tells."""

    device_id: str
    name: str = ""  # "": it has none, or none that can be used
    address: str = ""
    status: str = ""  # "": null, or no text
    answering: bool = False  # it said this just now: it is no older answer
    inventory: tuple[ListedDatabase, ...] | None = None  # None: could not be asked
    inventory_error: str = ""  # why the inventory is not to be believed; then it may be in part
    clock_at: datetime | None = None
    version: str = ""
    used_percent: int | None = None
    current_experiment: ListedDatabase | None = None  # the newest that it speaks of
    problems: tuple[str, ...] = ()

    @property
    def live(self) -> bool:
        """May its inventory be believed as read just now?"""
        return self.answering and self.inventory is not None and not self.inventory_error

    @property
    def writing(self) -> bool:
        return self.answering and self.status in WRITING

    @property
    def recording(self) -> bool:
        return self.answering and self.status == "recording"

    @property
    def experiments(self) -> tuple[ListedDatabase, ...]:
        """Every one it names, the current one too: its list may be half a minute old."""
        named = {listed.filename: listed for listed in self.inventory or ()}
        if self.current_experiment:
            named[self.current_experiment.filename] = self.current_experiment
        return tuple(named.values())
