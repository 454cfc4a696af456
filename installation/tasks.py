"""The installation by the clock."""

from celery import shared_task
from django.utils import timezone

from installation import services
from installation.own_state import save_by_the_clock


@shared_task
def check_setup() -> str:
    return str(services.check_setup(now=timezone.now()))


@shared_task
def save_state() -> str:
    """Raises SaveFailed, which the task's result then tells."""
    return str(save_by_the_clock(now=timezone.now()).folder)
