"""What can go wrong outside, one class each. The texts are for people and hold no password."""


class MirrorError(Exception):
    """The mirror did not run to its end; the copy is as it was before."""


class SourceError(MirrorError):
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


class NotReady(MirrorError):
    """The device has not written its first rows yet: a state of waiting, not a failure."""


class MirrorRunning(MirrorError):
    """Another mirror works on the same copy."""


class Cancelled(MirrorError):
    """Somebody asked it to stop."""


class DestinationError(MirrorError):
    """The copy cannot be read or written."""


class DestinationBusy(DestinationError):
    """Somebody reads or writes the copy for longer than we wait."""


class DestinationFull(DestinationError):
    """No space, or a limit on the size of files."""


class DestinationCorrupt(DestinationError):
    """What lies at the destination is no readable database."""


class DestinationChanged(DestinationError):
    """Another program wrote to the copy while this run compared it."""
