"""Which files are held against the device by content in one pull: some, so that all come round."""

from bisect import bisect_right
from collections.abc import Container, Iterable
from dataclasses import dataclass

from backups.engine.pull.heard import Item

SHARES = 500  # a tree is read whole in as many pulls: at one each quarter of an hour, in five days
_A_FILE = 4096  # bytes that opening one costs as much as


@dataclass(frozen=True, slots=True)
class Share:
    items: tuple[Item, ...]
    upto: str  # the path after which the next one begins


def share_of(
    present: Iterable[Item], *, after: str, budget: int, first: Container[str] = ()
) -> Share:
    """In the order of their paths from `after` on, and round again; at least one file, and all of
    those that come `first` besides."""
    in_order = sorted(present, key=lambda item: item.path)
    most = max(budget, sum(map(_cost, in_order)) // SHARES)
    start = bisect_right(in_order, after, key=lambda item: item.path)
    chosen: list[Item] = []
    for item in in_order[start:] + in_order[:start]:
        most -= _cost(item)
        if chosen and most < 0:
            break
        chosen.append(item)
    upto = chosen[-1].path if chosen else ""
    taken = {item.path for item in chosen}
    extra = (item for item in in_order if item.path in first and item.path not in taken)
    return Share((*extra, *chosen), upto)


def _cost(item: Item) -> int:
    return item.size_bytes + _A_FILE
