"""Wiring only: settings, Celery, URLs. Nothing about backups lives here."""

from ethonode.celery import app as celery_app

__all__ = ["celery_app"]
