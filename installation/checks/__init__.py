"""The one list of checks. A new one is a function and a line here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings

from backups.models.daemons import DaemonName
from devices.nodes import Node, called
from installation.answers import SetupAnswer
from installation.checks import devices, folders, node, ours, saves, told
from installation.situation import Situation, StoredFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupCheck:
    """`ask` goes out, in a worker; `look` reads only what is stored, at any moment."""

    name: str
    part: str
    title: str
    question: str
    ask: Callable[[Situation], SetupAnswer] | None = None
    look: Callable[[StoredFacts], SetupAnswer] | None = None


_Ask = Callable[[Situation], SetupAnswer]
_Look = Callable[[StoredFacts], SetupAnswer]


def _asked(name: str, part: str, title: str, question: str, ask: _Ask) -> SetupCheck:
    return SetupCheck(name=name, part=part, title=title, question=question, ask=ask)


def _seen(name: str, part: str, title: str, question: str, look: _Look) -> SetupCheck:
    return SetupCheck(name=name, part=part, title=title, question=question, look=look)


COPIES, DEVICES = "Where copies lie", "The devices"
OURS, TOLD = "ethonode itself", "Who is told"


def all_checks() -> tuple[SetupCheck, ...]:
    """Those of each node first."""
    return (*(check for one in settings.NODES for check in _of(one)), *OTHERS)


def _of(one: Node) -> Iterator[SetupCheck]:
    def named(name: str, title: str, question: str, ask: _Ask, of: str = " of ") -> SetupCheck:
        name = called(name, one.name, settings.NODES, of="@")
        title = called(title, one.name, settings.NODES, of=of)
        return _asked(name, part, title, question, ask)

    part = called("The node", one.name, settings.NODES)
    yield named("node", "Node", "Does it answer?", node.answer(one), of=" ")
    for daemon, label in DaemonName.choices:
        title = f"{label} service"
        yield named(daemon, title, "Does it answer?", node.daemon(one, daemon))
    yield named("node_clock", "Clocks", "Do the node's and ours agree?", node.clock(one))


OTHERS: tuple[SetupCheck, ...] = (
    _asked("results", COPIES, "Results folder", "May we use it?", folders.results),
    _asked("videos", COPIES, "Videos folder", "May we use it?", folders.videos),
    _asked("cards", COPIES, "Folder of other files", "May we use it?", folders.cards),
    _asked("room", COPIES, "Disk", "Is there room?", folders.room),
    _asked("cache", COPIES, "Memory of videos", "Is it ours alone?", folders.video_cache),
    _seen("storages", COPIES, "Storages", "Do their workers live?", told.storages),
    _asked("key", DEVICES, "Our ssh key", "Is it there, and safe?", devices.ssh_key),
    _asked("doors", DEVICES, "Doors", "Does each device let us in by ssh?", devices.doors),
    _asked("mariadb", DEVICES, "MariaDB account", "May we read there?", devices.mariadb),
    _asked("clocks", DEVICES, "Their clocks", "Are they right?", devices.device_clocks),
    _seen("worker", OURS, "Worker", "Does it end tasks?", told.worker),
    _seen("beat", OURS, "Beat", "Does the schedule run?", told.beat),
    _asked("redis", OURS, "Redis", "Does the queue answer?", ours.redis),
    _asked("account", OURS, "Account", "Is it the right one?", ours.account),
    _asked("secrets", OURS, "Secrets", "Can nobody else read them?", ours.secrets),
    _asked("file_clock", OURS, "Times of files", "Are new files of now?", ours.file_clock),
    _asked("saves", OURS, "Our own saves", "Is our database saved?", saves.own_saves),
    _asked("zone", OURS, "Time zone", "Which one is it?", ours.time_zone),
    _seen("channels", TOLD, "Channels", "Do messages get through?", told.channels),
    _asked("heartbeat", TOLD, "Heartbeat", "Does somebody watch us?", told.heartbeat),
)
