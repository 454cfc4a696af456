"""The page on which a recording is watched, and what its player asks for."""

import math
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from backups.engine.film.errors import AllTaken, FilmFailed, NoFfmpeg, NotListed
from backups.engine.film.program import has_ffmpeg
from backups.engine.film.strip import USUAL_FPS, fps_of
from backups.engine.videos.telling import CHUNK_SECONDS
from backups.models import RecordingLedger
from backups.services.films import RecordingFilm, WatchedFilm, chunk, poster_of, recording_film

Answer = TypeVar("Answer", bound=HttpResponseBase)
A_PAGE = 288  # chunks: a day of them
RETRY_SECONDS = 30
STATUS_OF = {NoFfmpeg: 503, AllTaken: 503, NotListed: 503}


def film_urls() -> list[URLPattern]:
    """Below the list of recordings."""
    page = admin.site.admin_view(watch)
    parts = {name: admin.site.admin_view(view, cacheable=True) for name, view in PARTS.items()}
    return [
        path("<int:key>/watch/", page, name="watch-recording"),
        *(path(f"<int:key>/{name}/<int:number>/", view, name=name) for name, view in parts.items()),
    ]


@require_safe
def watch(request: HttpRequest, key: int) -> HttpResponse:
    row = _row(request, key)
    found = recording_film(row)
    begin = _begin(request, found)
    shown = found.parts[begin : begin + A_PAGE]
    first = next((part for part in shown if part.file_id), None)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Watch",
        "ledger": row,
        "film": found,
        "shown": shown,
        "first": first,
        "fps": fps_of(first.name) if first else None,
        "usual_fps": USUAL_FPS,
        "chunk_seconds": CHUNK_SECONDS,
        "has_ffmpeg": has_ffmpeg(),
        "films": settings.FILMS,
        "before": max(0, begin - A_PAGE) if begin else None,
        "after": begin + A_PAGE if begin + A_PAGE < len(found.parts) else None,
    }
    return render(request, "backups/watch.html", context)


@require_safe
def film(request: HttpRequest, key: int, number: int) -> HttpResponseBase:
    """One chunk as MP4 that begins at once. It has no length and no ranges: `?from=` seeks."""
    row = _row(request, key)
    try:
        watched = WatchedFilm(chunk(row, number), begin=_seconds(request.GET.get("from", "")))
    except FilmFailed as error:
        return _not_shown(error)
    response = StreamingHttpResponse(watched, content_type="video/mp4")
    return _private(response, "no-store")


@require_safe
def poster(request: HttpRequest, key: int, number: int) -> HttpResponse:
    """The first picture of a chunk."""
    row = _row(request, key)
    try:
        picture = poster_of(chunk(row, number))
    except FilmFailed as error:
        return _not_shown(error)
    return _private(HttpResponse(picture, content_type="image/jpeg"), "private, max-age=3600")


PARTS: dict[str, Callable[..., HttpResponseBase]] = {"film": film, "poster": poster}


def _row(request: HttpRequest, key: int) -> RecordingLedger:
    if not request.user.has_perm("backups.view_recordingledger"):
        raise PermissionDenied
    rows = RecordingLedger.objects.select_related("device").defer("digests")
    return get_object_or_404(rows, pk=key)


def _begin(request: HttpRequest, found: RecordingFilm) -> int:
    """The place of the first part to show."""
    text = request.GET.get("begin", "")
    place = int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0
    return place if place < len(found.parts) else 0


def _seconds(text: str) -> float:
    """Of a chunk; what is none is its start."""
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), 24 * 3600.0) if math.isfinite(seconds) else 0.0


def _not_shown(error: FilmFailed) -> HttpResponse:
    status = STATUS_OF.get(type(error), 404)
    response = HttpResponse(str(error), status=status, content_type="text/plain; charset=utf-8")
    if isinstance(error, AllTaken):
        response["Retry-After"] = str(RETRY_SECONDS)
    return _private(response, "no-store")


def _private(response: Answer, caching: str) -> Answer:
    response["Cache-Control"] = caching
    response["X-Content-Type-Options"] = "nosniff"
    return response
