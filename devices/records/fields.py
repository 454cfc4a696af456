"""Single values of an untyped answer: of the right type and size, or absent and reported."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from devices.texts import one_line

LATEST = 4102444800  # 2100; a Pi without a clock of its own starts in 1970, so that is no limit
_FILENAME = re.compile(r"[A-Za-z0-9_.-]{1,197}\.db")
_ADDRESS = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::([0-9]{1,5}))?")


class Fields:
    """One object of an answer, and the list that its problems go to."""

    def __init__(self, values: Any, problems: list[str]) -> None:
        self.values: Mapping[str, Any] = values if isinstance(values, dict) else {}
        self.problems = problems

    def below(self, key: str) -> "Fields":
        value = self.values.get(key)
        if value is not None and not isinstance(value, dict):
            self.problems.append(f"its {key} is not an object")
        return Fields(value, self.problems)

    def flag(self, key: str) -> bool:
        value = self.values.get(key)
        if isinstance(value, bool):
            return value
        if value is not None:
            self.problems.append(f"its {key} is neither true nor false")
        return False

    def text(self, key: str, *, longest: int) -> str:
        """Printable text, cut at `longest`; "" where it is absent, null or unusable."""
        value = self.values.get(key)
        if value is None:
            return ""
        if not isinstance(value, str) or not value.isprintable():
            self.problems.append(f"its {key} is not a printable text")
            return ""
        if len(value) > longest:
            self.problems.append(f"its {key} has {len(value)} characters")
        return value[:longest].strip()

    def line(self, key: str, *, longest: int) -> str:
        """Any text as one printable line; "" where it is absent, null or no text."""
        value = self.values.get(key)
        if isinstance(value, str):
            return one_line(value, limit=longest)
        if value is not None:
            self.problems.append(f"its {key} is not a text")
        return ""

    def number(self, key: str, *, least: float, most: float) -> float | None:
        """A number between the two; None where it is absent, null or unusable."""
        value = self.values.get(key)
        if value is None:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and least <= value <= most:
            return float(value)
        self.problems.append(f"its {key} is not a number from {least:g} to {most:g}")
        return None

    def count(self, key: str, *, most: int) -> int | None:
        """A whole number from 0 on; None where it is absent, null or unusable."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most:
            return value
        self.problems.append(f"its {key} is not a whole number from 0 to {most}")
        return None

    def moment(self, key: str, *, latest: float = LATEST) -> datetime | None:
        """Epoch seconds; zero is how this software says "never"."""
        seconds = self.number(key, least=0, most=latest)
        return datetime.fromtimestamp(seconds, UTC) if seconds else None

    def address(self, key: str) -> str:
        """Host or host:port: IPv4 or a name."""
        value = self.values.get(key)
        if value is None or value == "":
            return ""
        if isinstance(value, str) and is_address(value):
            return value
        self.problems.append(f"its {key} is not an address")
        return ""

    def filename(self, key: str) -> str:
        """The file name of a database, given as such or as a path."""
        value = self.values.get(key)
        if value is None or value == "":
            return ""
        name = value.rpartition("/")[2] if isinstance(value, str) else ""
        if is_filename(name):
            return name
        self.problems.append(f"its {key} is not the file name of a database")
        return ""


def is_filename(text: str) -> bool:
    return bool(_FILENAME.fullmatch(text)) and ".." not in text


def is_address(text: str) -> bool:
    match = _ADDRESS.fullmatch(text) if len(text) <= 64 else None
    return bool(match and ".." not in text and 0 < int(match[1] or 1) < 65536)
