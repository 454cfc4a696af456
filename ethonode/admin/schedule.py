"""django-celery-beat and django-celery-results in unfold's dress.

The schedule belongs to the admin: what is changed here stays. Results are read-only.
"""

from typing import Any

from celery import current_app
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django_celery_beat.admin import ClockedScheduleAdmin as BeatClockedScheduleAdmin
from django_celery_beat.admin import CrontabScheduleAdmin as BeatCrontabScheduleAdmin
from django_celery_beat.admin import PeriodicTaskAdmin as BeatPeriodicTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from django_celery_results.admin import TaskResultAdmin as ResultsTaskResultAdmin
from django_celery_results.models import GroupResult, TaskResult
from kombu.exceptions import OperationalError
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import DropdownFilter
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from backups.admin import queue
from devices.admin.dates import MomentsFilter
from devices.admin.export import ExportedList
from devices.admin.read_only import ReadOnlyAdmin

for model in (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
    GroupResult,  # no task of ours is a group whose result anyone reads
    TaskResult,
):
    admin.site.unregister(model)


class UnfoldTaskSelectWidget(UnfoldAdminSelectWidget, TaskSelectWidget):
    pass


class UnfoldPeriodicTaskForm(PeriodicTaskForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = UnfoldTaskSelectWidget()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(ExportedList, BeatPeriodicTaskAdmin, ModelAdmin):
    form = UnfoldPeriodicTaskForm
    list_display = ["name", "enabled", "scheduler", "last_run_at", "expire_seconds"]
    list_select_related = ["interval", "crontab", "solar", "clocked"]
    list_filter = ["enabled", ("last_run_at", MomentsFilter)]
    list_filter_submit = True
    date_hierarchy = None
    actions = ["enable_tasks", "disable_tasks", "run_tasks"]

    # The parent's actions ask for no permission: whoever may look could switch a task off.

    @admin.action(description="Enable", permissions=["change"])
    def enable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        super().enable_tasks(request, queryset)

    @admin.action(description="Disable", permissions=["change"])
    def disable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        super().disable_tasks(request, queryset)

    @admin.action(description="Run now", permissions=["change"])
    def run_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        try:
            super().run_tasks(request, queryset)
        except OperationalError:
            messages.error(request, queue.QUEUE_DOWN)


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(ModelAdmin):
    pass


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(BeatCrontabScheduleAdmin, ModelAdmin):
    pass


@admin.register(SolarSchedule)
class SolarScheduleAdmin(ModelAdmin):
    pass


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(BeatClockedScheduleAdmin, ModelAdmin):
    pass


class TaskFilter(DropdownFilter):
    """By the tasks that there are: to ask which of them have results would read all results."""

    title = "task"
    parameter_name = "task_name"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        current_app.loader.import_default_modules()
        names = sorted(name for name in current_app.tasks if not name.startswith("celery."))
        return [(name, name) for name in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(task_name=self.value()) if self.value() else queryset


@admin.register(TaskResult)
class TaskResultAdmin(ExportedList, ReadOnlyAdmin, ResultsTaskResultAdmin):
    list_display = ["task_name", "status", "date_done", "result", "worker"]
    list_display_links = ["task_name"]
    date_hierarchy = None
    list_filter = [("date_done", MomentsFilter), "status", TaskFilter]
    list_filter_submit = True
    list_fullwidth = True
    paginator = InfinitePaginator  # to count them all costs more than to show some
    show_full_result_count = False
