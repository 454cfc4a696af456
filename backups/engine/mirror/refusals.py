"""What a server says when it fails, under our names."""

from backups.engine.mirror.errors import (
    AccessDenied,
    DatabaseMissing,
    SourceChanged,
    SourceError,
    SourceGone,
    SourceUnreachable,
    TableDenied,
)

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
