"""What can go wrong outside, one class each. The texts are for people and hold no secret."""


class PullError(Exception):
    """The pull did not run to its end; what was here before is as it was."""


class BadName(PullError):
    """A host, user or path that may not become a word of a command."""


class KeyFailed(PullError):
    """Our own ssh key could not be made or read."""


class ConnectionFailed(PullError):
    """There is no connection to the device, or none any more."""


class HostUnreachable(ConnectionFailed):
    """No ssh server answered at this address."""


class AccessDenied(ConnectionFailed):
    """The device does not take our key for this account."""


class HostKeyChanged(ConnectionFailed):
    """Another key than at first contact: a new SD card, or another machine at this address."""


class ConnectionLost(ConnectionFailed):
    """The connection broke in the middle of the work."""


class Hung(ConnectionFailed):
    """The device holds the connection and says nothing any more."""


class Cancelled(PullError):
    """Somebody asked it to stop."""


class RemoteFailed(PullError):
    """The device refused or failed a command; the text is what it said."""


class RemoteMissing(RemoteFailed):
    """The device was asked, and has no such file or folder."""


class RemoteFull(RemoteFailed):
    """The device has no room for a temporary copy of its database."""


class ProgramFailed(PullError):
    """A program of this machine (ssh, rsync) is missing, died or was used wrongly."""


class TooMuchOutput(RemoteFailed):
    """The device says more than any answer needs."""


class TransferIncomplete(RemoteFailed):
    """Some files could not be read or written (rsync's code 23)."""


class SourceVanished(RemoteFailed):
    """Files went away on the device while they were copied (rsync's code 24)."""


class KeepsChanging(PullError):
    """The database was checkpointed during every attempt to copy it with its WAL."""


class NotReady(PullError):
    """The device has not written its first rows yet: a state of waiting, not a failure."""


class CopyUnusable(PullError):
    """What arrived is not a whole database of a run."""


class FewerRows(PullError):
    """What arrived is of the same run, and holds less than the copy that is here."""


class PullRunning(PullError):
    """Another run works on the same copy."""


class LocalFailed(PullError):
    """The copy cannot be read or written here."""


class LocalFull(LocalFailed):
    """No space here, or a limit on the size of files."""
