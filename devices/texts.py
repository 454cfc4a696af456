"""Texts from outside, made fit to be stored and shown.

What steers a terminal, or turns the direction of what is read, is no part of a text: whatever
leaves us passes `seen` or its like for bytes, whoever wrote it.
"""

import re

# Control signs but for tab and new line; marks and overrides of direction; line separators.
_STEERING = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
)
STEERING = re.compile(f"[{_STEERING}]")
IN_THEIR_PLACE = "\N{REPLACEMENT CHARACTER}"


def seen(text: str) -> str:
    """The text with a visible sign in place of each that only steers."""
    return text if text.isprintable() else STEERING.sub(IN_THEIR_PLACE, text)


def one_line(text: str, *, limit: int) -> str:
    """The text without line breaks, control characters and direction marks.

    What is longer than the limit ends with a whole word and a sign that there was more.
    """
    printable = "".join(char if char.isprintable() else " " for char in text[: 4 * limit])
    whole = " ".join(printable.split())
    if len(whole) <= limit:
        return whole
    words, _, _ = whole[:limit].rpartition(" ")
    return f"{words if len(words) > limit // 2 else whole[: limit - 1]}…"
