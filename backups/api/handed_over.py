"""Whether the web server in front sends a file itself: ETHONODE_SENDFILE says how it is told.

Never a database: nobody would see that it is written while it is sent. And never what is not as it
was when we opened it through no link; the web server's own `disable_symlinks` guards the rest.
"""

from urllib.parse import quote

from django.conf import settings

from backups.engine.copies.opened import OpenedCopy
from backups.services.files import FileKind, SavedFile

HEADERS = {"x-accel-redirect": "X-Accel-Redirect", "x-sendfile": "X-Sendfile"}
LOCATION = "/saved/"  # internal, in the configuration of nginx


def headers_for(file: SavedFile, copy: OpenedCopy) -> dict[str, str]:
    """Empty: we send it."""
    header = HEADERS.get(settings.SENDFILE)
    if header is None or copy.private or file.kind is not FileKind.VIDEO:
        return {}
    where = LOCATION.encode() + file.place if header == HEADERS["x-accel-redirect"] else copy.path
    return {header: quote(bytes(where))}
