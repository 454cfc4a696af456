"""What can go wrong with a listing, beside what can go wrong with any ssh."""

from backups.engine.pull.errors import RemoteFailed


class NoPython(RemoteFailed):
    """The device has no python3 that our lister could run in."""


class BadListing(RemoteFailed):
    """The answer was cut, or is none that our lister gives: it shows nothing."""


class BadDigests(RemoteFailed):
    """The answer was cut, or is none that our program gives. What was told before stands."""


class Rebooted(RemoteFailed):
    """The device was started anew in the middle of our work. What was told before stands."""
