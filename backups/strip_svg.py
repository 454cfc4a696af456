"""A recording's strip, drawn on the server: no script. Shape and colour are in fleet.css."""

from itertools import accumulate

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from backups.engine.grammar import counted
from backups.engine.videos.strip import Cell, ChunkState, Strip

HEIGHT = 24
_RANK = {state: rank for rank, state in enumerate(ChunkState)}
# From where to where a state reaches, counted from above: what is here stands, the better proven
# the higher, and what lacks hangs. So a state is told by more than its colour.
_REACHES = {
    ChunkState.EQUAL: (0, 24),
    ChunkState.COUNTED: (6, 24),
    ChunkState.GROWING: (14, 24),
    ChunkState.UNPROVEN: (14, 24),
    ChunkState.PART: (18, 24),
    ChunkState.EMPTY: (0, 6),
    ChunkState.GAP: (0, 10),
    ChunkState.MISSING: (0, 10),
    ChunkState.LOST: (0, 14),
    ChunkState.DAMAGED: (0, 24),
}
MEANINGS = {
    ChunkState.EQUAL: "equal: its content was held against the device's",
    ChunkState.COUNTED: "counted: of the size that the device told",
    ChunkState.GROWING: "growing: on its way, or the newest of what goes on",
    ChunkState.UNPROVEN: "unproven: here by name only",
    ChunkState.PART: "in part: smaller than the device told",
    ChunkState.EMPTY: "empty: here without a byte",
    ChunkState.MISSING: "missing: it was named, and is not here",
    ChunkState.GAP: "gap: a number that lacks between others",
    ChunkState.LOST: "lost: neither here nor on the device",
    ChunkState.DAMAGED: "damaged: its content is bad",
}


def strip_svg(strip: Strip) -> SafeString:
    return format_html(
        '<svg class="strip" viewBox="0 0 {} {}" role="img" aria-label="{}"'
        ' preserveAspectRatio="none">{}</svg>',
        strip.width,
        HEIGHT,
        in_words(strip),
        format_html_join("", "{}", _rects(strip)),
    )


def key_svg(state: str) -> SafeString:
    """How a state is drawn, for the legend."""
    top, bottom = _REACHES[ChunkState(state)]
    return format_html(
        '<svg class="strip-key" viewBox="0 0 12 {}" aria-hidden="true"><rect class="strip-{}"'
        ' y="{}" width="12" height="{}"/></svg>',
        HEIGHT,
        _css(ChunkState(state)),
        top,
        bottom - top,
    )


def in_words(strip: Strip) -> str:
    """ "304 files: 2 missing, 300 counted, 2 equal", the worst first."""
    some = [f"{count:,} {state}" for state, count in strip.counts.items() if count]
    total = sum(strip.counts.values())
    return f"{counted(total, 'file')}: {', '.join(some)}"


def legend(strip: Strip) -> list[tuple[str, str, int, str]]:
    """State, meaning, how many, and which of them: of those that there are, the worst first."""
    return [
        (state.value, MEANINGS[state], count, strip.spans[state])
        for state, count in strip.counts.items()
        if count
    ]


def _rects(strip: Strip) -> list[tuple[SafeString]]:
    """What is worst comes last: it is drawn over its neighbours, and never too thin to be seen."""
    starts = accumulate((cell.width for cell in strip.cells), initial=0)
    places = zip(strip.cells, starts, strict=False)  # the last start is that of none
    worst_last = sorted(places, key=lambda place: -_RANK[place[0].state])
    return [(_rect(cell, start),) for cell, start in worst_last]


def _rect(cell: Cell, start: int) -> SafeString:
    top, bottom = _REACHES[cell.state]
    return format_html(
        '<rect class="strip-{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>',
        _css(cell.state),
        start,
        top,
        cell.width,
        bottom - top,
        cell.says,
    )


def _css(state: ChunkState) -> str:
    return state.value.replace(" ", "-")
