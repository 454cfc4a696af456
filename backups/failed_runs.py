"""What a person can do about a run that failed. What the error itself advises stays in its text."""

from collections.abc import Mapping

from backups.models import Run, RunState

ON_AND_REACHED = (
    "See whether the device is on and in the network. If it is off on purpose, park it."
)
KEY = "Open the page of the device: it has the one line that puts our key there."
OUR_DISK = "See whether the data folder is mounted, and whether ethonode may write to it."
ROOM = "Make room on the node's disk: nothing is saved until there is some."
BY_ITSELF = "Nothing, if it comes once: the next run takes up where this one ended."
OTHERS = "See whether the node's own services write the same copy: one of the two has to stop."
COPY = "Open the experiment: its page says what is known of the copy, and what would mend it."
NEXT_STEPS: Mapping[str, str] = {
    "HostUnreachable": ON_AND_REACHED,
    "SourceUnreachable": ON_AND_REACHED,
    "NoAddress": ON_AND_REACHED,
    "WrongDevice": "See which device has this address now: another one answers there.",
    "HostKeyChanged": (
        "If its card was replaced, press “Forget its ssh key” on the page of the device. If not,"
        " find out which machine answers at its address."
    ),
    "KeyRefused": KEY,
    "NoPasswords": KEY,
    "PasswordRefused": KEY,
    "KeyFailed": "Open Plans: it says what is wrong with our own ssh key.",
    "NoisyShell": "Silence the start files of the device's shell, as the error says.",
    "AccessDenied": "See ETHONODE_MYSQL_USER and its password: the device's MariaDB refuses them.",
    "SourceRefused": "See the MariaDB of the device: it refused what was asked of it.",
    "DatabaseMissing": "Nothing, if it has not tracked yet. Else see which database it writes to.",
    "ConnectionLost": BY_ITSELF,
    "Hung": BY_ITSELF,
    "SourceGone": BY_ITSELF,
    "SourceVanished": BY_ITSELF,
    "TransferIncomplete": BY_ITSELF,
    "KeepsChanging": BY_ITSELF,
    "Rebooted": BY_ITSELF,
    "LocalInUse": BY_ITSELF,
    "RemoteFull": "Make room on the card: it has none for a copy of one moment.",
    "NoPython": "Nothing: its files are listed by its shell. Databases are counted by a pull.",
    "LocalFull": ROOM,
    "NoRoom": ROOM,
    "LocalFailed": OUR_DISK,
    "LocalUnread": OUR_DISK,
    "LocalClosed": OUR_DISK,
    "LocalMissing": OUR_DISK,
    "LocalElsewhere": OUR_DISK,
    "LocalBusy": OTHERS,
    "LocalChanged": OTHERS,
    "LocalCorrupt": COPY,
    "CopyUnusable": COPY,
    "FewerRows": "Open the copy, and decide which of the two is to be kept.",
    "ProgramFailed": "See whether ssh and rsync are installed on this machine.",
}
UNFORESEEN = "it broke off: "


def what_to_do(run: Run) -> str:
    """ "" for a run that did not fail."""
    if run.state != RunState.FAILED:
        return ""
    if run.error.startswith(UNFORESEEN):
        return "Do it again. If it breaks off again, that is a fault of ethonode: report its log."
    return NEXT_STEPS.get(run.failure, "Do it again. If it fails again, its log says where.")
