"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.urls import get_resolver

from ethonode.held_database import held_open

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ethonode.settings")

# To open the database costs as much as a poll of the status does besides: its tables are read anew.
# A thread keeps it for some seconds; for longer it would not see that the file has been replaced.
KEPT_SECONDS = 5

application = get_wsgi_application()
connections.settings["default"] |= {"CONN_MAX_AGE": KEPT_SECONDS, "CONN_HEALTH_CHECKS": True}
kept = held_open()
_ = get_resolver().url_patterns  # every page is imported now, not by its first reader
