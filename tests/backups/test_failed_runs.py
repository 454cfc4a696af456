"""Every error that ends a run has a next step of its own, or the general one."""

import pytest

from backups.engine.errors import BackupError
from backups.failed_runs import NEXT_STEPS, UNFORESEEN, what_to_do
from backups.models import Run
from backups.services import runs  # which has loaded every error


def every_error(kind=BackupError):
    for one in kind.__subclasses__():
        yield one.__name__
        yield from every_error(one)


def test_what_is_in_the_table_is_the_name_of_an_error():
    others = {"NoRoom", "WrongDevice"}
    assert runs
    assert set(NEXT_STEPS) - others <= set(every_error())


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"state": "succeeded"}, ""),
        ({"state": "running", "error": "x"}, ""),
        ({"state": "failed", "failure": "LocalFull"}, "Make room"),
        ({"state": "failed", "error": f"{UNFORESEEN}ValueError"}, "a fault of ethonode"),
        ({"state": "failed", "error": "x", "failure": "New"}, "Do it again"),
    ],
)
def test_a_run_says_what_to_do_only_where_it_failed(facts, said):
    assert said in what_to_do(Run(**facts))
    assert bool(what_to_do(Run(**facts))) is bool(said)
