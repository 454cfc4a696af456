"""Why there is nothing to be watched. None of it says anything of the data."""


class FilmFailed(Exception):
    """It cannot be shown, and why."""


class NoFfmpeg(FilmFailed):
    """It is not installed here."""


class NoFilm(FilmFailed):
    """What is in the file is nothing that can be seen."""


class NotListed(FilmFailed):
    """What is here cannot be told now, so nothing is known to lack."""


class AllTaken(FilmFailed):
    """As many as may be are at work."""
