"""What can go wrong with a server, and what it says when it does. The texts hold no password.

What can go wrong on our own disk is in backups.engine.copies.errors.
"""

from backups.engine.errors import BackupError
from devices.texts import one_line

LONGEST_WORDS = 300


class SourceError(BackupError):
    """The server answered with an error that has no name of its own here."""


class SourceUnreachable(SourceError):
    """No server answered at this address."""


class AccessDenied(SourceError):
    """The server does not let this account in, or not into this database."""


class SourceRefused(SourceError):
    """The server answered one question with an error; others may be asked."""


class TableDenied(SourceRefused):
    """The account may not read a table."""


class DatabaseMissing(SourceError):
    """The server has no database of this name."""


class SourceGone(SourceError):
    """The connection broke, or the server fell silent, in the middle of the work."""


class SourceChanged(SourceRefused):
    """A table was dropped or altered while it was being read."""


_BROKEN: tuple[type[SourceError], str] = (SourceGone, "the connection broke")
_DRIVERS_OWN = range(2000, 3000)  # numbers that no server sends
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
    2059: (AccessDenied, "the server asks for the password in a form that would give it away"),
    1040: (SourceUnreachable, "the server has too many connections"),
    1053: (SourceGone, "the server is shutting down"),
    1153: (SourceGone, "a packet was larger than the server takes"),
    1317: (SourceGone, "the server interrupted the query"),
    1927: (SourceGone, "the server closed the connection"),
    1205: (SourceChanged, "a table is locked for too long"),
    1213: (SourceChanged, "a table is being altered or dropped"),
}


def named(error: Exception, *, number: object, about: str) -> SourceError:
    """By the server's number; None: no answer of the server's, but a broken connection."""
    kind, text = _kind(number)
    return kind(f"{about}: {text}: {_words(error)}")


def is_refusal(error: Exception) -> bool:
    """Whether a driver's error is only the server's answer to one question: others may follow."""
    return issubclass(_kind(error.args[0] if error.args else None)[0], SourceRefused)


def _kind(number: object) -> tuple[type[SourceError], str]:
    if number in _ERRORS:
        return _ERRORS[number]
    if isinstance(number, int) and number and number not in _DRIVERS_OWN:
        return SourceRefused, "the server reports an error"
    return _BROKEN


def _words(error: Exception) -> str:
    return one_line(str(error.args[-1] if error.args else error), limit=LONGEST_WORDS)
