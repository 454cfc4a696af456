"""What the product was told of: an item that nobody ever spoke of can be on no page."""

import json
from collections.abc import Iterator

from tests.faults import answers
from tests.faults.case import Case, Item, files_of
from tests.faults.truth import Recording


def see(case: Case) -> None:
    """Note what lies on the disk at a look, or is listed by a run of ours."""
    case.told |= {one for one in case.experiments() if case.here(one).exists()}
    case.told |= {
        recording
        for recording in set(case.recordings()) - case.told
        if any(path.exists() for _, path in files_of(case, recording))
    }


def list_card(case: Case) -> None:
    """A listing of ours is whole: all that is on the card is named."""
    files = [one for one in case.experiments("sqlite") if case.on_card(one).exists()]
    case.told |= {*files, *(one for one in case.recordings() if case.on_card(one).exists())}
    case.told |= {one for one in case.others() if case.other_on_card(one).exists()}


def hear(case: Case) -> None:
    """Note what the answers of this moment speak of, whatever faults have made of them."""
    entry = answers.entry(case)
    if not isinstance(entry, dict) or entry.get("id") != case.device.device_id:
        entry = {}  # nobody can say whose that is
    if (clock := entry.get("current_timestamp") or 0) <= case.heard_clock:
        entry = {}  # an answer of before, or a clock that went back: the next tells
    case.heard_clock = clock
    words = json.dumps(entry, default=str)
    status = entry.get("status")
    for one in case.experiments():
        if one.filename in words:
            case.told.add(one)
    for recording in _told_recordings(case, filming=status == "recording"):
        case.told.add(recording)


def _told_recordings(case: Case, *, filming: bool) -> Iterator[Recording]:
    if case.switches.other_id or not set(case.recordings()) - case.told:
        return  # another device's word is not heard
    listed = json.dumps(answers.listing(case)[1], default=str)
    for recording in set(case.recordings()) - case.told:
        now = filming and recording.is_recording(case.at)
        named = f"{recording.stamp}_{recording.device_id}" in listed
        if now or named:
            yield recording


def prove(case: Case, kind: str) -> None:
    """A run of ours succeeded: what had ended then, and is on the card, is proven."""
    if kind == "pull_videos":
        there = [r for r in case.recordings() if r.ends <= case.at and case.on_card(r).exists()]
        case.proven.update(there)
    elif kind in ("pull_results", "mirror"):
        ours = case.experiments("sqlite" if kind == "pull_results" else "mysql")
        case.proven.update(o for o in ours if o.ended(case.at) and o.listed and not o.gone)


def was_told(case: Case, item: Item) -> bool:
    return item in case.told
