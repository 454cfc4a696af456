"""The whole move, step by step. Killed at any moment it goes on where it was."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from installation.moving.comparing import compare
from installation.moving.copying import copy
from installation.moving.errors import Differs, InUse
from installation.moving.fitting import check_fits
from installation.moving.sides import SOURCE, TARGET, finish, frozen, must_be_ours, opened, prepare
from installation.moving.tables import MovedTable, tables
from installation.stopped import StackRuns, stack_stopped

STEPS = ("look", "copy", "compare")
Told = Callable[[str, MovedTable, int], None]


def move(url: str, *, afresh: bool, began: Callable[[int], None], told: Told) -> int:
    """Copy all rows into the database of that address, and hold both sides against each other.

    Gives how many rows there are. `began` hears how many each step has to do, `told` each page.
    Raises CannotMove; the source stays as it is in any case.
    """
    moved = tables()
    with _stopped(), opened(url), frozen(moved):
        must_be_ours()
        began(sum(table.rows(SOURCE).count() for table in moved))
        check_fits(moved, SOURCE, TARGET, lambda *page: told("look", *page))
        prepare(moved, url, afresh=afresh)
        count = _copy_and_compare(moved, told)
        finish()
    return count


def _copy_and_compare(moved: list[MovedTable], told: Told) -> int:
    try:
        copy(moved, SOURCE, TARGET, lambda *page: told("copy", *page))
        return compare(moved, SOURCE, TARGET, lambda *page: told("compare", *page))
    except Differs as error:
        raise Differs(f"{error}. Not moved; --afresh begins again from nothing") from error


@contextmanager
def _stopped() -> Iterator[None]:
    try:
        with stack_stopped():
            yield
    except StackRuns as error:
        raise InUse(str(error)) from error
