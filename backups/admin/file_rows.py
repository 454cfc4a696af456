"""The saved files of a device, an experiment or a recording, as its page shows them."""

from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from backups.services.files import BadPage, FileKind, FileQuery, file_page
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


def files_shown(query: FileQuery, *, after: str = "", limit: int = ROWS) -> dict[str, Any]:
    """Raises BadPage."""
    page = file_page(query, after=after, limit=limit)
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
