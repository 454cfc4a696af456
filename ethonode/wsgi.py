"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from ethonode.held_database import held_open

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ethonode.settings")

application = get_wsgi_application()
kept = held_open()
_ = get_resolver().url_patterns  # every page is imported now, not by its first reader
