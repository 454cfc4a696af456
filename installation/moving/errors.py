class CannotMove(Exception):
    """Nothing was moved, or not all; the text says why, and what to do. The source is as it was."""


class InUse(CannotMove):
    """Somebody works on the source."""


class TargetRefused(CannotMove):
    """The target is no empty database of a sort that ethonode runs on."""


class DoesNotFit(CannotMove):
    """A value that the target could not hold."""


class Differs(CannotMove):
    """The sides are not the same."""
