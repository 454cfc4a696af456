from incidents.services.sending import channels_due, send_due
from incidents.services.watch import is_watch_late, watch

__all__ = ["channels_due", "is_watch_late", "send_due", "watch"]
