"""What each kind of run counts and proves, stored as JSON and shown by pages and commands."""

from backups.services.runs.reports.cards import FilesReport, ListingReport
from backups.services.runs.reports.contents import ProofReport, VerifyReport
from backups.services.runs.reports.databases import DatabaseReport, MirrorReport, ResultsReport
from backups.services.runs.reports.places import MoveReport, SecondReport
from backups.services.runs.reports.videos import VideosReport

__all__ = [
    "DatabaseReport",
    "FilesReport",
    "ListingReport",
    "MirrorReport",
    "MoveReport",
    "ProofReport",
    "ResultsReport",
    "SecondReport",
    "VerifyReport",
    "VideosReport",
]
