"""The rows of each region of interest, here and as told of the device's, as a picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from backups.engine.copies.times import ROI_TABLE
from backups.models import ResultCopy
from devices.models import Experiment
from devices.records import Rows, unpacked

HEIGHT, WIDTH, GAP = 20, 4, 1
LEAST = 1  # of a bar that stands for anything at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Roi:
    """One region of interest: rows here, and as told of the device's."""

    number: int
    here: int
    told: int | None

    @property
    def problem(self) -> str:
        if self.lacks:
            return f"{self.lacks:,} rows lack"
        return "" if self.here else "no row"

    @property
    def lacks(self) -> int:
        return max(0, (self.told or 0) - self.here)


def rois_of(experiment: Experiment, copy: ResultCopy | None) -> list[Roi]:
    """Every region that the copy has, or lacks by its own map, or that the device told of."""
    here = _by_roi(unpacked(copy.rows) if copy else {})
    told = _by_roi(unpacked(experiment.told_rows))
    rowless = set(copy.rowless_rois) if copy else set()
    return [
        Roi(
            number=number,
            here=here[number].at_least if number in here else 0,
            told=told[number].at_least if number in told else None,
        )
        for number in sorted(here.keys() | told.keys() | rowless)
    ]


def _by_roi(extent: Any) -> dict[int, Rows]:
    return {
        int(found[1]): rows for name, rows in extent.items() if (found := ROI_TABLE.fullmatch(name))
    }


def small_picture(rois: Sequence[Roi]) -> SafeString | str:
    """For a list: what is here stands, what lacks stands on it in another colour."""
    if not rois:
        return ""
    fullest = _fullest(rois)
    here, lacks = [], []
    for place, roi in enumerate(rois):
        x = place * (WIDTH + GAP)
        top = HEIGHT - _height(roi.here, fullest)
        here.append(_bar(x, top, HEIGHT - top))
        if roi.problem:
            whole = HEIGHT - _height(max(roi.here + roi.lacks, LEAST), fullest)
            lacks.append(_bar(x, whole, max(top - whole, 2)))
    return format_html(
        '<svg class="rois-small" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<path class="roi-here" d="{}"/><path class="roi-lacks" d="{}"/></svg>',
        len(rois) * (WIDTH + GAP),
        HEIGHT,
        in_words(rois),
        "".join(here),
        "".join(lacks),
    )


def in_words(rois: Sequence[Roi]) -> str:
    """ "20 regions, 1,234 to 5,678 rows; lacking in 3, 7"."""
    if not rois:
        return "no region is known"
    least, most = min(roi.here for roi in rois), max(roi.here for roi in rois)
    rows = f"{most:,} rows" if least == most else f"{least:,} to {most:,} rows"
    bad = ", ".join(str(roi.number) for roi in rois if roi.problem)
    word = "region" if len(rois) == 1 else "regions"
    return f"{len(rois)} {word}, {rows}" + (f"; wrong: {bad}" if bad else "")


TALL, WIDE = 120, 26


def picture(rois: Sequence[Roi]) -> SafeString | str:
    """For the page of one: each region with its number, and its rows where the mouse is."""
    if not rois:
        return ""
    return format_html(
        '<svg class="rois-picture" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        len(rois) * WIDE,
        TALL + 18,
        in_words(rois),
        format_html_join("", "{}", ((one,) for one in _groups(rois))),
    )


def _groups(rois: Sequence[Roi]) -> Iterator[SafeString]:
    fullest = _fullest(rois)
    for place, roi in enumerate(rois):
        here = TALL * roi.here // fullest
        lacks = max(TALL * (roi.here + roi.lacks) // fullest - here, 3) if roi.problem else 0
        left = place * WIDE + 3
        said = f", {roi.problem}" if roi.problem else ""
        yield format_html(
            '<g><title>Region {}: {} rows here{}</title><rect class="roi-here" x="{}" y="{}"'
            ' width="20" height="{}"/>{}<text x="{}" y="{}" text-anchor="middle">{}</text></g>',
            roi.number,
            f"{roi.here:,}",
            said,
            left,
            TALL - here,
            here,
            _lacking(left, TALL - here - lacks, lacks) if lacks else "",
            left + 10,
            TALL + 14,
            roi.number,
        )


def _lacking(left: int, top: int, height: int) -> SafeString:
    return format_html(
        '<rect class="roi-lacks" x="{}" y="{}" width="20" height="{}"/>', left, top, height
    )


def _fullest(rois: Sequence[Roi]) -> int:
    return max((roi.here + roi.lacks for roi in rois), default=0) or 1


def _height(rows: int, fullest: int) -> int:
    return max(HEIGHT * rows // fullest, LEAST) if rows else 0


def _bar(x: int, top: int, height: int) -> str:
    return f"M{x} {top}h{WIDTH}v{height}h-{WIDTH}z" if height else ""
