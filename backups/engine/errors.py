"""How work on a copy can end early, whatever brings it here. The texts are for people."""


class BackupError(Exception):
    """The work did not run to its end; what was here before is as it was."""


class Cancelled(BackupError):
    """Somebody asked it to stop."""


class NotReady(BackupError):
    """The device has not written its first rows yet: a state of waiting, not a failure."""
