"""How much moved in each region, one strip each, drawn on the server: no script, no other host."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from backups.engine.grammar import counted
from backups.engine.preview import Activity, Sample

WIDTH, HEIGHT, GAP = 720, 16, 4
GAP_STEPS = 5  # so many times the usual distance between two samples is a gap
BUSY_SHARE = 0.95  # what this share of all samples stays under is drawn full


def activity_svg(activities: Sequence[Activity]) -> SafeString | str:
    """A strip of each region that has rows, above one another and of one scale."""
    drawn = [one for one in activities if one.samples]
    if not drawn:
        return ""
    first, last = span_of(drawn)
    full = _full(drawn)
    strips = (
        (_strip(one, place * (HEIGHT + GAP), first, last, full),) for place, one in enumerate(drawn)
    )
    return format_html(
        '<svg class="activity" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        WIDTH + 30,
        len(drawn) * (HEIGHT + GAP),
        f"{counted(len(drawn), 'region')} over {lasting(last - first)}",
        format_html_join("", "{}", strips),
    )


def span_of(activities: Sequence[Activity]) -> tuple[float, float]:
    """The first and the last time, in milliseconds, and never the same."""
    times = [sample.t for one in activities for sample in one.samples]
    first, last = min(times, default=0.0), max(times, default=0.0)
    return first, max(last, first + 1)


def lasting(milliseconds: float) -> str:
    hours = milliseconds / 3_600_000
    if hours >= 48:
        return f"{hours / 24:.1f} days"
    return f"{hours:.1f} hours" if hours >= 2 else f"{counted(round(hours * 60), 'minute')}"


def _full(drawn: Sequence[Activity]) -> float:
    values = [s.value for one in drawn for s in one.samples if s.value is not None]
    return sorted(values)[int((len(values) - 1) * BUSY_SHARE)] if values else 0.0


def _strip(one: Activity, top: int, first: float, last: float, full: float) -> SafeString:
    scale = WIDTH / (last - first)
    steps = [b.t - a.t for a, b in pairwise(one.samples) if b.t > a.t]
    usual = median(steps) if steps else last - first
    bars = "".join(
        _bar(sample, until, scale, (first, usual), top, full)
        for sample, until in zip(one.samples, _ends(one.samples, usual), strict=True)
    )
    return format_html(
        '<g><title>Region {}</title><text x="0" y="{}">{}</text>'
        '<rect class="activity-ground" x="30" y="{}" width="{}" height="{}"/><path d="{}"/></g>',
        one.roi,
        top + HEIGHT - 4,
        one.roi,
        top,
        WIDTH,
        HEIGHT,
        bars,
    )


def _ends(samples: Sequence[Sample], usual: float) -> list[float]:
    """Each lasts to the next one, unless that is too far away."""
    ends = [
        b.t if a.t < b.t <= a.t + GAP_STEPS * usual else a.t + usual for a, b in pairwise(samples)
    ]
    return [*ends, samples[-1].t + usual]


def _bar(
    sample: Sample,
    until: float,
    scale: float,
    axis: tuple[float, float],
    top: int,
    full: float,
) -> str:
    """The root of the value, so that little movement is seen beside much."""
    left = round((sample.t - axis[0]) * scale)
    wide = max(1, min(round((until - axis[0]) * scale), WIDTH) - left)
    share = min(1.0, (sample.value or 0) / full) ** 0.5 if full else 0.0
    tall = max(1, round(HEIGHT * share))
    return f"M{30 + left} {top + HEIGHT}v-{tall}h{wide}v{tall}z"
