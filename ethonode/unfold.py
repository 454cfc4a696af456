"""How the admin looks: names, sidebar, colours. What it shows is in the apps."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def simulated_lab(request: HttpRequest) -> dict[str, Any]:
    """For templates: every page says so while the data is made up."""
    return {"simulated_lab": settings.SIMULATED_LAB}


def environment(request: HttpRequest) -> list[str] | None:
    return ["Simulated lab", "warning"] if settings.SIMULATED_LAB else None


def _logo(request: HttpRequest) -> str:
    return static("backups/logo.svg")


def _verdicts_css(request: HttpRequest) -> str:
    return static("backups/verdicts.css")


def _fleet_css(request: HttpRequest) -> str:
    return static("backups/fleet.css")


def _link(title: str, icon: str, view: str, permission: str = "") -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{view}"),
        "permission": lambda request: not permission or request.user.has_perm(permission),
    }


def _list(title: str, icon: str, app: str, model: str) -> dict[str, Any]:
    return _link(title, icon, f"{app}_{model}_changelist", f"{app}.view_{model}")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "ethonode",
    "SITE_HEADER": "ethonode",
    "SITE_SUBHEADER": "Is each device's data safe?",
    "SITE_URL": None,
    "SITE_ICON": _logo,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _logo}],
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "ethonode.unfold.environment",
    "DASHBOARD_CALLBACK": "backups.admin.home.dashboard",
    "STYLES": [_verdicts_css, _fleet_css],
    "COLORS": {
        "primary": {
            "50": "oklch(97.1% .014 220)",
            "100": "oklch(94.1% .03 220)",
            "200": "oklch(89% .055 221)",
            "300": "oklch(81% .09 224)",
            "400": "oklch(72% .115 228)",
            "500": "oklch(61% .115 233)",
            "600": "oklch(51% .105 238)",
            "700": "oklch(44% .09 240)",
            "800": "oklch(38% .075 241)",
            "900": "oklch(33% .06 242)",
            "950": "oklch(25% .045 243)",
        }
    },
    "COMMAND": {"search_models": ["devices.device"], "show_history": True},
    "SIDEBAR": {
        "command_search": True,
        "navigation": [
            {
                "title": "Fleet",
                "items": [
                    _link("Home", "home", "index"),
                    _list("Devices", "memory", "devices", "device"),
                    _list("Device groups", "workspaces", "devices", "devicegroup"),
                ],
            },
            {
                "title": "Backups",
                "separator": True,
                "items": [
                    _list("Snapshots", "photo_camera", "backups", "backupsnapshot"),
                    _list("Experiments", "science", "devices", "experiment"),
                    _list("Recordings", "videocam", "backups", "recording"),
                    _list("Proof of recordings", "video_library", "backups", "recordingledger"),
                    _list("Result copies", "database", "backups", "resultcopy"),
                    _list("Quarantine", "gpp_maybe", "backups", "quarantinedvideo"),
                    _list("Services", "dns", "backups", "daemonstatus"),
                    _list("Policies", "rule", "backups", "policy"),
                    _list("Plans", "event_repeat", "backups", "backupplan"),
                ],
            },
            {
                "title": "Work",
                "separator": True,
                "items": [
                    _list("Backup runs", "sync", "backups", "run"),
                    _list("Schedule", "calendar_clock", "django_celery_beat", "periodictask"),
                    _list("Task results", "checklist", "django_celery_results", "taskresult"),
                ],
            },
            {
                "title": "People",
                "separator": True,
                "items": [
                    _list("Users", "person", "auth", "user"),
                    _list("Groups", "group", "auth", "group"),
                    _list("API tokens", "key", "knox", "authtoken"),
                ],
            },
        ],
    },
}
