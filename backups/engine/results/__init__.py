"""The run databases on the node's disk: which files there are, and what is in each."""

from backups.engine.results.folders import CopyFile, ResultsUnreadable, find_copies
from backups.engine.results.inspection import Inspection, inspect

__all__ = ["CopyFile", "Inspection", "ResultsUnreadable", "find_copies", "inspect"]
