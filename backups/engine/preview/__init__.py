"""A look into a database for people: tables, first rows, whose it is, activity. Never trusted."""

from backups.engine.preview.activity import Activity, Sample
from backups.engine.preview.guard import NotShown
from backups.engine.preview.look import Preview, picture_in, preview
from backups.engine.preview.pictures import Picture
from backups.engine.preview.tables import ShownTable

__all__ = [
    "Activity",
    "NotShown",
    "Picture",
    "Preview",
    "Sample",
    "ShownTable",
    "picture_in",
    "preview",
]  # fmt: skip
