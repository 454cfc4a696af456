"""The Celery application: `celery -A ethonode.celery worker`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ethonode.settings")

app = Celery("ethonode")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
