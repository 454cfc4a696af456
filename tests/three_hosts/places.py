"""Which storages there are, on which hosts, and by which words the units of systemd start them."""

import sys
from dataclasses import dataclass
from pathlib import Path

from tests.platform.units import unit

UNITS = Path(__file__).resolve().parents[2] / "deploy" / "systemd"
INSTALLED = "/opt/ethonode/.venv/bin/python"  # in the units, and the next one, too
STATE = "/var/lib/ethonode"
HOSTS = ("main", "nas1", "nas2")
WEB_PORT = 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A storage. `second_of`: of which one it keeps second copies; "": it is a first place."""

    name: str
    host: str
    pattern: str = ""
    second_of: str = ""

    @property
    def has_web(self) -> bool:
        """Nobody downloads second copies."""
        return not self.second_of


PLACES = (
    Place(name="nas1", host="nas1", pattern="ETHOSCOPE_001 ETHOSCOPE_004 ETHOSCOPE_005"),
    Place(name="nas2", host="nas2", pattern="ETHOSCOPE_003"),
    Place(name="nas2-second", host="nas2", second_of="nas1"),
)


def worker_of(place: Place, environment: dict[str, str]) -> list[str]:
    return _commands("ethonode-worker@.service", "ExecStart", place, environment)[-1]


def web_of(place: Place, environment: dict[str, str]) -> list[list[str]]:
    """What comes before it, and the server itself."""
    name = "ethonode-storage-web@.service"
    before = _commands(name, "ExecStartPre", place, environment)
    return before + _commands(name, "ExecStart", place, environment)


def _commands(name: str, key: str, place: Place, environment: dict[str, str]) -> list[list[str]]:
    """As they are given; only Python and the folder of states are where they are here."""
    here = {INSTALLED: sys.executable, STATE: environment["ETHONODE_VAR_DIR"]}
    commands = unit(UNITS / name).commands(key, environment, place.name)
    return [[_placed(word, here) for word in words] for words in commands]


def _placed(word: str, here: dict[str, str]) -> str:
    for there, path in here.items():
        word = word.replace(there, path)
    return word
