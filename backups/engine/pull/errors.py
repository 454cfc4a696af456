"""What can go wrong with a device that is reached by ssh. The texts hold no secret.

What can go wrong on our own disk is in backups.engine.copies.errors.
"""

from backups.engine.errors import BackupError


class PullError(BackupError):
    """The pull did not run to its end; what was here before is as it was."""


class BadName(PullError):
    """A host, user or path that may not become a word of a command."""


class KeyFailed(PullError):
    """Our own ssh key could not be made or read."""


class ConnectionFailed(PullError):
    """There is no connection to the device, or none any more."""


class HostUnreachable(ConnectionFailed):
    """No ssh server answered at this address."""


class KeyRefused(ConnectionFailed):
    """The device does not take our key for this account."""


class PasswordRefused(ConnectionFailed):
    """The device does not take this password for this account."""


class NoPasswords(ConnectionFailed):
    """The device lets nobody in by a password, right or wrong."""


class HostKeyChanged(ConnectionFailed):
    """Another key than at first contact: a new SD card, or another machine at this address."""


class ConnectionLost(ConnectionFailed):
    """The connection broke in the middle of the work."""


class Hung(ConnectionFailed):
    """The device holds the connection and says nothing any more."""


class RemoteFailed(PullError):
    """The device refused or failed a command; the text is what it said."""


class RemoteMissing(RemoteFailed):
    """The device was asked, and has no such file or folder."""


class RemoteFull(RemoteFailed):
    """The device has no room for a temporary copy of its database."""


class ProgramFailed(PullError):
    """A program of this machine (ssh, rsync) is missing, died or was used wrongly."""


class NoisyShell(PullError):
    """The account's shell prints something before every command, and rsync cannot work so."""


class TooMuchOutput(RemoteFailed):
    """The device says more than any answer needs."""


class TransferIncomplete(RemoteFailed):
    """Some files could not be read or written (rsync's code 23)."""


class SourceVanished(RemoteFailed):
    """Files went away on the device while they were copied (rsync's code 24)."""


class KeepsChanging(PullError):
    """It was written, or checkpointed, during every attempt to copy it whole."""
