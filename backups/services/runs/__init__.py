"""Backups made here, each as a run that can be watched."""

from backups.services.runs.jobs import OtherServer, RunProgress, Sheet
from backups.services.runs.kinds import KINDS, KindOfRun, kind_of, report_of
from backups.services.runs.offers import Offer, offers_for
from backups.services.runs.perform import forget_old_runs, perform, reap_gone, reap_runs
from backups.services.runs.planning import due_runs, kinds_here, plan_of, plan_runs
from backups.services.runs.requests import RunRefused, cancel_run, request_run
from backups.services.runs.watch import LONGEST_RUN

__all__ = [
    "KINDS",
    "LONGEST_RUN",
    "KindOfRun",
    "Offer",
    "OtherServer",
    "RunProgress",
    "RunRefused",
    "Sheet",
    "cancel_run",
    "due_runs",
    "forget_old_runs",
    "kind_of",
    "kinds_here",
    "offers_for",
    "perform",
    "plan_of",
    "plan_runs",
    "reap_gone",
    "reap_runs",
    "report_of",
    "request_run",
]
