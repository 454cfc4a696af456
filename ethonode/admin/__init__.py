"""The admin of third-party apps, in unfold's dress. That of our apps is in each app."""

from ethonode.admin import schedule

__all__ = ["schedule"]
