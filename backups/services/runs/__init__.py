"""Backups made here, each as a run that can be watched."""

from backups.services.runs.jobs import Server, Told
from backups.services.runs.perform import perform
from backups.services.runs.planning import due_runs, kinds_here, plan_of, plan_runs
from backups.services.runs.reaping import forget_old_runs, reap_runs
from backups.services.runs.requests import RunRefused, cancel_run, request_run
from backups.services.runs.watch import LONGEST_RUN

__all__ = [
    "LONGEST_RUN",
    "RunRefused",
    "Server",
    "Told",
    "cancel_run",
    "due_runs",
    "forget_old_runs",
    "kinds_here",
    "perform",
    "plan_of",
    "plan_runs",
    "reap_runs",
    "request_run",
]
