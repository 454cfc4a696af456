"""How the admin looks: names, sidebar, colours. What it shows is in the apps."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static


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


def _zone_js(request: HttpRequest) -> str:
    return static("backups/zone.js")


def _device_css(request: HttpRequest) -> str:
    return static("backups/device.css")


def _lists_css(request: HttpRequest) -> str:
    return static("backups/lists.css")


def _records_css(request: HttpRequest) -> str:
    return static("backups/records.css")


def _inside_css(request: HttpRequest) -> str:
    return static("backups/inside.css")


def _labels_js(request: HttpRequest) -> str:
    return static("backups/labels.js")


def _incidents_css(request: HttpRequest) -> str:
    return static("incidents/incidents.css")


def _people_css(request: HttpRequest) -> str:
    return static("people/people.css")


def _setup_css(request: HttpRequest) -> str:
    return static("installation/setup.css")


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
    "STYLES": [
        _verdicts_css,
        _fleet_css,
        _device_css,
        _lists_css,
        _records_css,
        _inside_css,
        _incidents_css,
        _people_css,
        _setup_css,
    ],
    "LOGIN": {"form": "people.forms.LoginForm"},
    "SCRIPTS": [_zone_js, _labels_js],
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
    "COMMAND": {"search_callback": "ethonode.search.found", "show_history": True},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": "ethonode.menu.navigation",
    },
}
