"""The Celery application: `celery -A ethonode.celery worker`."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

from ethonode.standby import QueuesWatches

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ethonode.settings")

app = Celery("ethonode")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)
app.steps["worker"].add(QueuesWatches)


@setup_logging.connect
def keep_djangos_logging(**_: Any) -> None:
    """With a receiver here Celery leaves logging as django.setup() made it."""
