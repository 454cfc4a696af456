"""Snapshots: facts at one moment, without a verdict: a device's page judges the newest."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RelatedDropdownFilter,
)
from unfold.paginator import InfinitePaginator

from backups import badges
from backups.models import BackupSnapshot, VideoScan
from devices.admin.dates import MomentsFilter
from devices.admin.export import ExportedList
from devices.admin.read_only import ReadOnlyAdmin

ON_DISK = ["disk_read_at", "disk_error", "copy_count", "size", "newest_copy_at"]
ON_DEVICE = ["source_read_at", "source_error", "source_count", "source_changed_at", "growing"]


@admin.register(BackupSnapshot)
class BackupSnapshotAdmin(ExportedList, ReadOnlyAdmin):
    list_display = [
        "taken_at", "device", "data", "copy_count", "size", "newest_copy_at", "source_count",
        "problem_counts", "disk_error", "claim",
    ]  # fmt: skip
    list_display_links = ["taken_at"]
    list_select_related = ["backup__device"]
    list_filter = [
        ("backup__device", RelatedDropdownFilter),
        ("backup__backup_type", ChoicesDropdownFilter),
        ("taken_at", MomentsFilter),
    ]
    list_filter_submit = True
    # They are appended in the order of time, and are a million: what would read them all is left
    # out (a count, an order by another column, a list of their days).
    ordering = ["-pk"]
    sortable_by = ()
    paginator = InfinitePaginator
    search_fields = ["backup__device__name", "backup__device__device_id"]
    show_full_result_count = False
    fieldsets = [
        (None, {"fields": ["backup", "taken_at", "claim"]}),
        ("On the disk", {"fields": ON_DISK}),
        ("On the device", {"fields": ON_DEVICE}),
        ("What was wrong", {"fields": ["problem_lines", "finding_lines"]}),
        ("The scan of the videos", {"fields": ["scan_lines"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BackupSnapshot]:
        snapshots: QuerySet[BackupSnapshot] = super().get_queryset(request)
        return snapshots.select_related("backup__device")

    @admin.display(description="Device", ordering="backup__device__name")
    def device(self, snapshot: BackupSnapshot) -> str:
        return str(snapshot.backup.device)

    @admin.display(description="Data", ordering="backup__backup_type")
    def data(self, snapshot: BackupSnapshot) -> str:
        return snapshot.backup.get_backup_type_display()

    @admin.display(description="Size", ordering="size_bytes")
    def size(self, snapshot: BackupSnapshot) -> str:
        return badges.size(snapshot.size_bytes)

    @admin.display(description="Problems")
    def problem_counts(self, snapshot: BackupSnapshot) -> str:
        counts = [f"{found['count']} {kind}" for kind, found in snapshot.problems.items()]
        return ", ".join(counts) or "-"

    @admin.display(description="Problems")
    def problem_lines(self, snapshot: BackupSnapshot) -> SafeString | str:
        """The first of each kind; the count is whole."""
        return _lines(
            f"{kind}: {name}: {reason}"
            for kind, found in snapshot.problems.items()
            for name, _, reason in found["first"]
        )

    @admin.display(description="Findings")
    def finding_lines(self, snapshot: BackupSnapshot) -> SafeString | str:
        return _lines(snapshot.findings)

    @admin.display(description="Scan")
    def scan_lines(self, snapshot: BackupSnapshot) -> SafeString | str:
        scan = VideoScan.objects.filter(snapshot=snapshot).first()
        return _lines(_scan_facts(scan)) if scan else "no scan"


def _scan_facts(scan: VideoScan) -> list[str]:
    ratio = scan.hit_ratio
    return [
        f"{scan.seconds:.3f} s",
        f"{scan.listed_folder_count} of {scan.folder_count} folders listed",
        f"{scan.cached_count} chunks from the cache, {scan.fresh_count} looked at afresh,"
        f" {scan.rechecked_count} re-checked",
        f"hit ratio {ratio:.1%}" if ratio is not None else "no chunks",
        *(["cache: " + scan.cache_problem] if scan.cache_problem else []),
        *scan.errors,
    ]


def _lines(lines: Iterable[str]) -> SafeString | str:
    return format_html_join("", "<div>{}</div>", ((line,) for line in lines)) or "-"
