"""The saved files of a device, an experiment or a recording, as its page shows them."""

from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from backups.services.files import BadPage, FileKind, FilePage, FileQuery, file_page
from backups.services.storages import OtherStorage
from devices.models import Device

ROWS = 30
FEW_ROWS = 6


def files_tab(request: HttpRequest, device: Device) -> dict[str, Any]:
    """Browsed and searched. A page that is none is the first."""
    kind = request.GET.get("kind", "")
    query = FileQuery(
        device=device.device_id,
        kind=kind if kind in list(FileKind) else "",
        recording=request.GET.get("recording", "")[:400],
        search=request.GET.get("search", "")[:255],
    )
    try:
        shown = files_shown(query, after=request.GET.get("files", ""))
    except BadPage:
        shown = files_shown(query)
    return shown | {"kinds": list(FileKind), "file_query": query}


def few_files_shown(query: FileQuery) -> dict[str, Any]:
    """On a page of something else, which does not fail where they cannot be listed here."""
    try:
        return _shown(query, file_page(query, limit=FEW_ROWS))
    except OtherStorage as error:
        return _shown(query, FilePage(files=(), following="", problems=(str(error),)))


def files_shown(query: FileQuery, *, after: str = "") -> dict[str, Any]:
    """Raises BadPage, OtherStorage."""
    return _shown(query, file_page(query, after=after, limit=ROWS))


def _shown(query: FileQuery, page: FilePage) -> dict[str, Any]:
    asked = urlencode({name: value for name, value in asdict(query).items() if value})
    return {
        "file_page": page,
        "zip_address": f"{reverse('api:files-zip')}?{asked}",
        "sums_address": f"{reverse('api:files-b2sums')}?{asked}",
        "narrowed": urlencode(
            {
                name: value
                for name, value in asdict(query).items()
                if value and name not in {"device", "experiment"}
            }
        ),
    }
