"""The installation by the clock."""

from celery import shared_task
from django.utils import timezone

from installation import services, upkeep
from installation.own_state import save_by_the_clock


@shared_task
def check_setup() -> str:
    return str(services.check_setup(now=timezone.now()))


@shared_task
def save_state() -> str:
    """Raises SaveFailed, which the task's result then tells."""
    return str(save_by_the_clock(now=timezone.now()).folder)


@shared_task
def tidy() -> str:
    return f"{upkeep.forget_old(now=timezone.now())} rows forgotten, {upkeep.tidy_database()}"
