"""What is said of an incident, as plain text: no name of a device is markup in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from devices.texts import one_line

TITLE = 200
LISTED = 20
# What chats and mail programs read as tags, mentions, links or emphasis.
NOT_MARKUP = str.maketrans("<>&`*[]{}", "()+''()()", "") | {ord("@"): " at "}


class Event(StrEnum):
    OPENED = "opened"
    WORSE = "got worse"
    BACK = "came back"
    REMINDER = "reminder"
    ENDED = "over"
    SUMMARY = "summary"
    TEST = "test"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What of an incident goes into a message."""

    title: str
    about: str
    severity: str
    since: str
    sentence: str = ""
    at_risk: str = ""
    to_do: str = ""
    reason: str = ""  # why it is over
    followers: int = 0
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    title: str
    body: str


def plain(text: str, *, limit: int = 300) -> str:
    return one_line(text, limit=limit).translate(NOT_MARKUP)


def message(event: Event, told: Saying) -> Message:
    about = plain(told.about, limit=80)
    what = f"{told.title}: {about}" if about else told.title
    head = f"Over: {what}" if event is Event.ENDED else f"{_mark(event, told)}{what}"
    lines = _ended(told) if event is Event.ENDED else _holds(told)
    return Message(title=head[:TITLE], body="\n".join(line for line in lines if line))


def _mark(event: Event, told: Saying) -> str:
    words = {Event.WORSE: "Worse: ", Event.BACK: "Again: ", Event.REMINDER: "Still: "}
    return f"[{told.severity}] {words.get(event, '')}"


def _holds(told: Saying) -> Iterable[str]:
    yield plain(told.sentence)
    yield f"Since {told.since}."
    if told.at_risk:
        yield f"At risk: {plain(told.at_risk)}."
    if told.followers:
        yield f"{told.followers} other problems follow from it."
    yield f"What to do: {told.to_do}" if told.to_do else ""
    yield told.link


def _ended(told: Saying) -> Iterable[str]:
    yield f"It began {told.since}."
    yield f"Why: {plain(told.reason)}." if told.reason else ""
    yield told.link


def summary(titles: list[str], *, link: str) -> Message:
    """Many messages as one: how many, and the first of them."""
    lines = [f"- {title}" for title in titles[:LISTED]]
    if len(titles) > LISTED:
        lines.append(f"… and {len(titles) - LISTED} more.")
    if link:
        lines.append(link)
    return Message(title=f"{len(titles)} messages of ethonode", body="\n".join(lines))
