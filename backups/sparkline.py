"""A small line of how a figure went, drawn on the server: no script, no other host."""

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString

WIDTH, HEIGHT, MARGIN = 240, 44, 4


def sparkline(values: Sequence[float], label: str) -> SafeString | str:
    """Oldest first. Fewer than two values are no line."""
    if len(values) < 2:
        return ""
    return format_html(
        '<svg class="sparkline" viewBox="0 0 {} {}" role="img" aria-label="{}" '
        'preserveAspectRatio="none"><title>{}</title><polyline points="{}"/></svg>',
        WIDTH,
        HEIGHT,
        label,
        label,
        " ".join(f"{x:.1f},{y:.1f}" for x, y in _points(values)),
    )


def _points(values: Sequence[float]) -> list[tuple[float, float]]:
    low, span = min(values), max(values) - min(values)
    step = (WIDTH - 2 * MARGIN) / (len(values) - 1)
    return [
        (MARGIN + index * step, _height((value - low) / span if span else 0.5))
        for index, value in enumerate(values)
    ]


def _height(share: float) -> float:
    return HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN)
