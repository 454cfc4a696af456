"""What a soak found, as a table; and whether anything of it must not be."""

from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_GROWTH = 1.5


@dataclass(slots=True)
class Found:
    """`rows`: name and figure, in their order. `wrong`: what must not be, each in a line."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def add(self, name: str, figure: object, *, must_be: object = None) -> None:
        self.rows.append((name, f"{figure:,}" if type(figure) is int else str(figure)))
        if must_be is not None and figure != must_be:
            self.wrong.append(f"{name}: {figure}, and not {must_be}")

    def add_all(self, name: str, what: list[str]) -> None:
        """What must not be at all: counted here, and told one by one."""
        self.add(name, len(what), must_be=0)
        self.wrong += [f"  {one}" for one in what[:20]]

    def add_memory(self, name: str, first: int, last: int) -> None:
        mega = [round(size / 1e6) for size in (first, last)]
        self.rows.append((f"memory of {name}, first and last minute", "{} and {} MB".format(*mega)))
        if last > first * MOST_GROWTH:
            self.wrong.append(f"memory of {name} grew from {mega[0]} to {mega[1]} MB")

    def lines(self) -> Iterator[str]:
        width = max(len(name) for name, _ in self.rows)
        for name, figure in self.rows:
            yield f"| {name:{width}} | {figure} |"
