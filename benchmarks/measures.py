"""What a benchmark measures, and how it says whether that is as promised."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

FAILED: list[str] = []


def best_of(works: dict[str, Callable[[], object]], *, rounds: int) -> dict[str, float]:
    """Time all in turn, so that a busy moment hits each alike; the best of each counts."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            started = _cpu_seconds()
            work()
            best[name] = min(best[name], _cpu_seconds() - started)
    return best


def _cpu_seconds() -> float:
    """Processor time of this process and its children: waiting for the machine's others is none."""
    own, children = getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def must(good: bool, text: str) -> None:  # noqa: FBT001
    print(f"  {'ok  ' if good else 'FAIL'} {text}")
    if not good:
        FAILED.append(text)


def show(name: str, value: float, goal: str, limit: float) -> None:
    mark = "ok  " if value <= limit else "MISS"
    print(f"  {mark} {name} {abs(value):.2f} (goal {goal})")


@dataclass(slots=True)
class DatabaseSteps:
    """What the database itself did, in hundreds of instructions: the same on any busy machine."""

    hundreds: int = 0


@contextmanager
def counted_steps() -> Iterator[DatabaseSteps]:
    """Of SQLite alone: another database tells of none."""
    from django.db import connection  # noqa: PLC0415 - the other benchmarks need no Django

    steps = DatabaseSteps()
    if connection.vendor != "sqlite":
        yield steps
        return

    def count() -> None:
        steps.hundreds += 1

    connection.ensure_connection()
    connection.connection.set_progress_handler(count, 100)
    try:
        yield steps
    finally:
        connection.connection.set_progress_handler(None, 0)
