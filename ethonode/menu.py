"""The menu: seven entries by task, each with its pages, and what only a developer wants apart."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import get_script_prefix, reverse
from django.utils.functional import SimpleLazyObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`permission` empty: every person who may enter may see it."""

    title: str
    view: str
    permission: str = ""

    @property
    def url(self) -> str:
        return _address(self.view, get_script_prefix())

    def may_be_seen(self, request: HttpRequest) -> bool:
        return not self.permission or request.user.has_perm(self.permission)


@cache
def _address(view: str, prefix: str) -> str:
    """`prefix`: what it begins with. A page asks for all of them, twice."""
    return reverse(view)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """It leads to the first of its pages that a person may see."""

    title: str
    icon: str
    pages: tuple[Page, ...]

    def pages_for(self, request: HttpRequest) -> list[Page]:
        return [page for page in self.pages if page.may_be_seen(request)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuPlace:
    """Where in the menu a request is."""

    entry: Entry
    page: Page
    pages: list[Page]  # of the entry, those that the person may see


def _page(title: str, view: str, permission: str = "") -> Page:
    return Page(title=title, view=view, permission=permission)


def _list(title: str, app: str, model: str) -> Page:
    return _page(title, f"admin:{app}_{model}_changelist", f"{app}.view_{model}")


def _entry(title: str, icon: str, *pages: Page) -> Entry:
    return Entry(title=title, icon=icon, pages=pages)


MENU = (
    _entry(
        "Fleet",
        "home",
        _page("Overview", "admin:index"),
        _list("Devices", "devices", "device"),
        _list("Groups", "devices", "devicegroup"),
        _list("May I wipe?", "backups", "wipequestion"),
        _list("Certificates", "backups", "wipecertificate"),
        _page("Wall", "wall", "devices.view_device"),
    ),
    _entry(
        "Experiments",
        "science",
        _list("Experiments", "devices", "experiment"),
        _list("Copies", "backups", "resultcopy"),
        _list("Other files of cards", "backups", "otherfile"),
    ),
    _entry(
        "Recordings",
        "videocam",
        _list("Recordings", "backups", "recordingledger"),
        _list("On the disk", "backups", "recording"),
        _list("Quarantine", "backups", "quarantinedvideo"),
    ),
    _entry(
        "Problems",
        "notifications",
        _list("Problems", "incidents", "incident"),
        _page("Timeline", "admin:timeline", "devices.view_device"),
        _list("Silences", "incidents", "silence"),
        _list("Channels", "incidents", "channel"),
        _list("Messages", "incidents", "delivery"),
        _list("Digests", "incidents", "subscription"),
    ),
    _entry(
        "Backups",
        "sync",
        _list("Runs", "backups", "run"),
        _page("Last night", "admin:run-night", "backups.view_run"),
        _list("Plans", "backups", "backupplan"),
        _list("Policies", "backups", "policy"),
    ),
    _entry(
        "Setup",
        "build",
        _page("Setup", "admin:setup", "installation.view_storedanswer"),
        _list("Node", "devices", "nodestatus"),
        _list("Services", "backups", "daemonstatus"),
        _list("Storages", "devices", "storage"),
    ),
    _entry(
        "People",
        "group",
        _list("People", "auth", "user"),
        _list("Roles", "auth", "group"),
        _list("API tokens", "people", "apitoken"),
        _page("Second factor", "admin:second-factor"),
    ),
)
ADVANCED = (
    _entry("Snapshots", "photo_camera", _list("Snapshots", "backups", "backupsnapshot")),
    _entry("Schedule", "schedule", _list("Schedule", "django_celery_beat", "periodictask")),
    _entry(
        "Task results", "checklist", _list("Task results", "django_celery_results", "taskresult")
    ),
    _entry("API", "api", _page("API", "api:docs")),
    _entry("Integration checks", "rule", _page("Integration checks", "integration")),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar, as unfold wants it."""
    here = place_of(request)
    return [
        {"items": list(_links(MENU, here, request))},
        {
            "title": "Advanced",
            "collapsible": True,
            "separator": True,
            "items": list(_links(ADVANCED, here, request)),
        },
    ]


def _links(
    entries: Iterable[Entry], here: MenuPlace | None, request: HttpRequest
) -> Iterable[dict[str, Any]]:
    for entry in entries:
        if pages := entry.pages_for(request):
            yield {
                "title": entry.title,
                "icon": entry.icon,
                "link": pages[0].url,
                "active": here is not None and here.entry == entry,
            }


def place_of(request: HttpRequest) -> MenuPlace | None:
    """By the longest address of a page that the request's begins with; home only by its own."""
    home = reverse("admin:index")
    found = [
        (page.url, entry, page)
        for entry in (*MENU, *ADVANCED)
        for page in entry.pages
        if page.url == request.path or _is_below(request.path, page.url, home)
    ]
    if not found:
        return None
    _, entry, page = max(found, key=lambda one: len(one[0]))
    return MenuPlace(entry=entry, page=page, pages=entry.pages_for(request))


def _is_below(path: str, url: str, home: str) -> bool:
    return url != home and path.startswith(url)


def place(request: HttpRequest) -> dict[str, Any]:
    """For templates; looked for only where one says it."""
    return {"place": SimpleLazyObject(lambda: place_of(request))}
