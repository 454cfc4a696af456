"""The admin of problems: it shows and queues, and decides nothing."""

from incidents.admin import channels, deliveries, incidents, silences, subscriptions

__all__ = ["channels", "deliveries", "incidents", "silences", "subscriptions"]
