"""What the user's document expects of performance, and the table of what was measured.

A performance test tells a figure with pytest's `record_property(name, value)`. Times are shown and
fail nothing: they depend on the machine. Counts and ratios are asserted in the tests themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Expectation:
    what: str
    expected: str
    holds: Callable[[float], bool]
    unit: str


def seconds(what: str, limit: float) -> Expectation:
    return Expectation(what, f"< {limit:g} s", lambda value: value < limit, "s")


def share(what: str, least: float, most: float = 100) -> Expectation:
    expected = f"{least:g}-{most:g} %" if most < 100 else f"> {least:g} %"
    return Expectation(what, expected, lambda value: least <= value <= most, "%")


EXPECTED = {
    "save_1000": seconds("Cache save, 1,000 files", 10),
    "load_1000": seconds("Cache load, 1,000 files", 5),
    "save_10000": seconds("Cache save, 10,000 files", 10),
    "load_10000": seconds("Cache load, 10,000 files", 5),
    "megabytes_10000": Expectation(
        "Cache file, 10,000 files", "< 100 MB", lambda value: value < 100, "MB"
    ),
    "hits_1000": share("Cache hits, 1,000 files, ages 70/20/10", 60, 90),
    "hits_10000": share("Cache hits, 10,000 files, ages 70/20/10", 70),
    "faster": share("Scan of 10,000 files: time saved by the cache", 50),
    "fewer_calls": share("Scan of 10,000 files: file lookups saved by the cache", 50),
    "status_50": seconds("Backup status endpoint, 50 devices", 5),
    "ttl": Expectation("API cache TTL", "300 s, configurable", lambda value: value == 300, "s"),
    "answer_mysql": seconds("Service answer, MySQL", 2),
    "answer_rsync": seconds("Service answer, rsync", 2),
    "at_once_50": Expectation("Devices scanned at once", "1-50", lambda value: value >= 50, ""),
}


@dataclass(slots=True)
class PerformanceTable:
    """A pytest plugin: gathers the figures of all tests, and prints them at the end."""

    measured: dict[str, float] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "call":
            known = {name: value for name, value in report.user_properties if name in EXPECTED}
            self.measured.update(known)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if not self.measured:
            return
        terminalreporter.section("performance: expected and measured")
        for name, expectation in EXPECTED.items():
            if name in self.measured:
                terminalreporter.write_line(line(expectation, self.measured[name]))


def line(expectation: Expectation, value: float) -> str:
    verdict = "" if expectation.holds(value) else "   NOT AS EXPECTED"
    measured = f"{value:.4g} {expectation.unit}"
    return f"{expectation.what:<52} {expectation.expected:<20} {measured:<12}{verdict}".rstrip()
