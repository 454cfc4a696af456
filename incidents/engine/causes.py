"""The table of causes: how bad each is, for how long it is waited, what it hides, what to do.

A cause that hides others is a root: while it holds, what it hides opens no incident of its own.
Damage and loss are hidden by nothing: they do not follow from what cannot be asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Severity(StrEnum):
    """Worst first: the order is what `worse` goes by."""

    CRITICAL = "critical"
    WARNING = "warning"
    NOTICE = "notice"


RANK = {severity: place for place, severity in enumerate(Severity)}


def worst_of(*severities: Severity) -> Severity:
    return min(severities, key=RANK.__getitem__)


class CauseKind(StrEnum):
    """What an incident is of. Roots come first, the nearest to ethonode itself before others."""

    CLOCK = "clock"
    BEAT = "beat"
    WORKER = "worker"
    OWN_WORK = "own_work"
    STORAGE = "storage"
    DISK = "disk"
    DISK_FULL = "disk_full"
    NODE = "node"
    PULLS = "pulls"
    DAEMON = "daemon"
    TWO_NODES = "two_nodes"
    TWO_PLACES = "two_places"
    DEVICE = "device"
    HOST_KEY = "host_key"
    CORRUPT = "corrupt"
    LOST = "lost"
    MISSING = "missing"
    UNKNOWN = "unknown"
    STALE = "stale"
    LATE = "late"
    RUN = "run"
    CARD_ERRORS = "card_errors"
    CARD_FULL = "card_full"
    CHANNEL = "channel"
    LOGINS = "logins"


K = CauseKind
CRITICAL, WARNING, NOTICE = Severity
NOT_ASKED = frozenset({K.UNKNOWN, K.DEVICE})
NOT_SAVED = frozenset({K.MISSING, K.STALE, K.LATE, K.RUN})


@dataclass(frozen=True, slots=True)
class Cause:
    """`minutes`: for how long a watch has to see it before anybody is told."""

    severity: Severity
    minutes: int
    title: str
    to_do: str
    hides: frozenset[CauseKind] = frozenset()

    @property
    def dwell(self) -> timedelta:
        return timedelta(minutes=self.minutes)


# What stands still while all is started anew is no news: it has three minutes.
CAUSES: Mapping[CauseKind, Cause] = {
    K.CLOCK: Cause(
        CRITICAL, 0, "The clock of this machine was set back",
        "Set the clock right, and let a time service keep it.",
        NOT_ASKED | NOT_SAVED | {K.BEAT, K.WORKER, K.OWN_WORK},
    ),
    K.BEAT: Cause(
        CRITICAL, 3, "The schedule of ethonode does not run",
        "Start beat, and read its log: nothing is looked at by itself until it runs.",
        NOT_ASKED | NOT_SAVED | {K.WORKER, K.OWN_WORK},
    ),
    K.WORKER: Cause(
        CRITICAL, 3, "No worker of ethonode does anything",
        "Start a worker, and see whether Redis answers and its disk has room.",
        NOT_ASKED | NOT_SAVED | {K.OWN_WORK},
    ),
    K.OWN_WORK: Cause(
        CRITICAL, 3, "ethonode itself does not look",
        "See whether the task is in the schedule, and read what its last result says.",
        NOT_ASKED | NOT_SAVED,
    ),
    K.STORAGE: Cause(
        CRITICAL, 3, "A storage of copies is silent",
        "See whether that host runs, whether its worker does, and whether it reaches Redis and the"
        " database.",
        NOT_SAVED | {K.UNKNOWN, K.DISK, K.DISK_FULL},
    ),
    K.DISK: Cause(
        CRITICAL, 0, "The disk of the copies cannot be read",
        "See whether it is mounted, and whether the folder may be read.",
        NOT_SAVED | {K.UNKNOWN},
    ),
    K.DISK_FULL: Cause(
        CRITICAL, 0, "The disk of the copies is full",
        "Make room: nothing is saved until there is some.", NOT_SAVED,
    ),
    K.NODE: Cause(
        CRITICAL, 4, "The node does not answer",
        "See whether the node runs, and whether this machine reaches it.",
        NOT_ASKED | NOT_SAVED | {K.DAEMON},
    ),
    K.PULLS: Cause(
        CRITICAL, 0, "No backup over ssh succeeds",
        "See whether the devices still know our public key (Backups, Plans).",
        NOT_SAVED | {K.HOST_KEY},
    ),
    K.DAEMON: Cause(
        WARNING, 10, "A backup service does not answer",
        "See whether the service runs on the node.", frozenset({K.STALE, K.LATE}),
    ),
    K.TWO_NODES: Cause(
        NOTICE, 30, "Two nodes tell of the same devices",
        "Let each device be known to one node: both copy it, and its verdicts rest on the first.",
    ),
    K.TWO_PLACES: Cause(
        WARNING, 10, "One machine id is at two places at once",
        "Find both. A card that was cloned needs an id of its own: of two devices with one id only"
        " the one at its old place is watched.", frozenset({K.UNKNOWN}),
    ),
    K.DEVICE: Cause(
        WARNING, 30, "The device does not answer",
        "See whether it is on and in the network. If it is off on purpose, park it.",
        frozenset({K.UNKNOWN}),
    ),
    K.HOST_KEY: Cause(
        WARNING, 0, "The device shows another ssh key than before",
        "If its SD card was replaced, forget the old key on its page. If not, find out who answers"
        " at its address: nothing is pulled from there meanwhile.", frozenset({K.UNKNOWN, K.RUN}),
    ),
    K.CORRUPT: Cause(
        CRITICAL, 0, "A copy is damaged, or shrank",
        "Pull or mirror it again while the device still has it.",
    ),
    K.LOST: Cause(
        CRITICAL, 0, "Data is lost",
        "Do not touch the card: it may be possible to read it elsewhere. Else write it off.",
    ),
    K.MISSING: Cause(CRITICAL, 0, "Data has no usable copy", "Back the device up now."),
    K.UNKNOWN: Cause(
        WARNING, 30, "Nobody knows whether the data is safe",
        "Do what the page of the device names as clearing it.",
    ),
    K.STALE: Cause(WARNING, 0, "Data was not saved for too long", "Back the device up now."),
    K.LATE: Cause(
        NOTICE, 30, "Data is saved late", "Nothing yet, if its backup is about to run.",
    ),
    K.RUN: Cause(WARNING, 0, "A backup fails again and again", "Read what the last run says."),
    K.CARD_ERRORS: Cause(
        CRITICAL, 0, "The card is failing", "Save what is on it now, then replace it."
    ),
    K.CARD_FULL: Cause(
        WARNING, 0, "The card is almost full",
        "Stop the device, or make room on it, once all is proven to be here.",
    ),
    K.CHANNEL: Cause(
        WARNING, 0, "A channel takes no messages",
        "Send a test on the page of the channel, and read its answer.",
    ),
    K.LOGINS: Cause(
        WARNING, 0, "Somebody is trying passwords",
        "Find out who is at that address. Who forgot a password gets a new one under People.",
    ),
}  # fmt: skip

HIDEABLE = frozenset().union(*(cause.hides for cause in CAUSES.values()))

# An incident is of a thing, and follows it from one of these kinds to another.
OF_A_BACKUP = frozenset({K.CORRUPT, K.LOST, K.MISSING, K.UNKNOWN, K.STALE, K.LATE})
