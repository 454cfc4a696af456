"""The Celery application: `celery -A ethonode.celery worker`."""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_after_setup, setup_logging
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep

from devices.ids import queue_of
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


@celeryd_after_setup.connect
def take_only_from_its_storage(instance: Any, **_: Any) -> None:
    """However it was started: a worker of a storage does nothing that others could do."""
    if settings.STORAGE:
        instance.app.amqp.queues.select([queue_of(settings.STORAGE)])
