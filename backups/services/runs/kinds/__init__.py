"""The kinds of run, each declared once: buttons, routes, plans, pages and commands follow from it.

A new one is a word in `RunKind`, a module with its job, and a declaration in here.
"""

from collections.abc import Mapping

import msgspec

from backups.models import Run, RunKind
from backups.services.runs.jobs import RunReport
from backups.services.runs.kinds.bringing import BRINGING
from backups.services.runs.kinds.checking import CHECKING, TRYING_DOORS
from backups.services.runs.kinds.declaration import KindOfRun
from backups.services.runs.kinds.placing import PLACING

__all__ = ["KINDS", "KindOfRun", "kind_of", "report_of"]

_DECLARED: tuple[KindOfRun, ...] = (*BRINGING, *CHECKING, *PLACING, TRYING_DOORS)

KINDS: Mapping[RunKind, KindOfRun] = {declared.kind: declared for declared in _DECLARED}


def kind_of(run: Run) -> KindOfRun:
    return KINDS[RunKind(run.kind)]


def report_of(run: Run) -> RunReport:
    """What the run counted. What another version stored and this one cannot read says nothing."""
    report = kind_of(run).report
    try:
        return msgspec.convert(run.numbers, report)
    except msgspec.ValidationError:
        return report()
