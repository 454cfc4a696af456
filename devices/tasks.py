"""The devices app by the clock: each task calls one service."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from devices import services


@shared_task(ignore_result=False, throws=(services.NothingToAsk,))
def refresh_devices() -> dict[str, Any]:
    report = services.refresh_devices(now=timezone.now())
    return {
        "devices": report.devices,
        "source": report.source,
        "problems": len(report.problems),
        "error": report.error,
    }


@shared_task(ignore_result=False)
def read_cards() -> dict[str, Any]:
    report = services.read_cards(now=timezone.now())
    return {"read": report.read, "problems": len(report.problems)}
