"""What is saved, file by file: the one place that turns a row of our index into an opened file.

No path ever comes from outside: who asks names a file by the id that a list gave.
"""

from backups.services.files.listing import BadPage, FilePage, FileQuery, file_page, files_of
from backups.services.files.saved import (
    FileKind,
    NoSuchFile,
    SavedFile,
    at_one_moment,
    find,
    opened,
)

__all__ = [
    "BadPage", "FileKind", "FilePage", "FileQuery", "NoSuchFile", "SavedFile", "at_one_moment",
    "file_page", "files_of", "find", "opened",
]  # fmt: skip
