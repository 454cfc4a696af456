"""What can go wrong with a server, and what it says when it does. The texts hold no password.

What can go wrong on our own disk is in backups.engine.copies.errors.
"""

from backups.engine.errors import BackupError


class SourceError(BackupError):
    """The server answered with an error that has no name of its own here."""


class SourceUnreachable(SourceError):
    """No server answered at this address."""


class AccessDenied(SourceError):
    """The server does not let this account in, or not into this database."""


class TableDenied(SourceError):
    """The account may not read a table without which there is no copy."""


class DatabaseMissing(SourceError):
    """The server has no database of this name."""


class SourceGone(SourceError):
    """The connection broke, or the server fell silent, in the middle of the work."""


class SourceChanged(SourceError):
    """A table was dropped or altered while it was being read."""


_ERRORS: dict[int, tuple[type[SourceError], str]] = {
    1044: (AccessDenied, "the account may not use this database"),
    1045: (AccessDenied, "the server refused user name or password"),
    1698: (AccessDenied, "the server refused user name or password"),
    1130: (AccessDenied, "the server lets no one in from this machine"),
    1142: (TableDenied, "the account may not read a table"),
    1143: (TableDenied, "the account may not read a column"),
    1049: (DatabaseMissing, "there is no such database"),
    1146: (SourceChanged, "a table vanished while it was read"),
    1412: (SourceChanged, "a table was altered while it was read"),
    1054: (SourceChanged, "a column vanished while it was read"),
    1040: (SourceUnreachable, "the server has too many connections"),
    1053: (SourceGone, "the server is shutting down"),
    1317: (SourceGone, "the server interrupted the query"),
    1927: (SourceGone, "the server closed the connection"),
    1205: (SourceChanged, "a table is locked for too long"),
    1213: (SourceChanged, "a table is being altered or dropped"),
    2003: (SourceGone, "the connection broke"),
    2006: (SourceGone, "the connection broke"),
    2013: (SourceGone, "the connection broke"),
}


def named(error: Exception, *, number: object, about: str) -> SourceError:
    """By the server's number; None: no answer of the server's, but a broken connection."""
    kind, text = SourceError, "the server reports an error"
    if number is None:
        kind, text = SourceGone, "the connection broke"
    elif isinstance(number, int):
        kind, text = _ERRORS.get(number, (kind, text))
    return kind(f"{about}: {text}: {_words(error)}")


def _words(error: Exception) -> str:
    return str(error.args[-1] if error.args else error)[:300]
