"""Who gets a digest, and when."""

from django.contrib import admin
from unfold.contrib.filters.admin import RelatedDropdownFilter

from devices.admin.dates import MomentsFilter
from devices.admin.export import ExportedList
from devices.admin.history import HistoryAdmin
from incidents.models import Subscription


@admin.register(Subscription)
class SubscriptionAdmin(ExportedList, HistoryAdmin):
    list_display = ["person", "channel", "at", "time_zone", "weekday", "last_at"]
    list_filter = [("last_at", MomentsFilter), ("channel", RelatedDropdownFilter)]
    list_filter_submit = True
    list_select_related = ["person", "channel"]
