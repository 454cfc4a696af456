"""The copies on our disk: which files there are, what is in each, and who may work on one."""

from backups.engine.copies.contents import why_foreign
from backups.engine.copies.folders import CopyFile, ResultsUnreadable, find_copies
from backups.engine.copies.inspection import Inspection, inspect

__all__ = ["CopyFile", "Inspection", "ResultsUnreadable", "find_copies", "inspect", "why_foreign"]
