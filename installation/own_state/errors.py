"""What can go wrong with ethonode's own state. Each text is one line for a person."""


class StateError(Exception):
    """One of these; nothing that was there before is lost."""


class SaveFailed(StateError):
    """No save was made: no room, no right, or what was written cannot be read back."""


class RestoreFailed(StateError):
    """The save is not whole, or ethonode runs; what was there still is."""


class NewerState(StateError):
    """A newer ethonode wrote this database: this one would not understand it."""


class UpgradeFailed(StateError):
    """The database could not be brought to this version; it is as it was before."""


class DumpFailed(StateError):
    """pg_dump or pg_restore is not there, or did not end well."""
