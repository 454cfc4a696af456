"""Make almost-JSON readable, so that one bad value costs itself and not the whole answer.

Python's own json writes NaN and Infinity, which no JSON has; and a value nested deeper than
any real answer stops every decoder. Both become null here.
"""

import re
from collections.abc import Iterator

DEEPEST = 64
_STEPS = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}
# Possessive, and a text without its end runs to the end: linear, whatever is sent.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]|-?\b(?:NaN|Infinity)\b', re.DOTALL)


def mended(body: bytes) -> bytes:
    """The same text with NaN, infinities and whatever is nested over DEEPEST levels as null."""
    pieces: list[bytes] = []
    kept_to = 0
    for start, end in _unreadable(body):
        pieces += [body[kept_to:start], b"null"]
        kept_to = end
    pieces.append(body[kept_to:])
    return b"".join(pieces)


def _unreadable(body: bytes) -> Iterator[tuple[int, int]]:
    """Where that is: from, to. What is never closed is left as it is: it is no JSON anyway."""
    depth = start = 0
    for token in _TOKEN.finditer(body):
        step = _STEPS.get(token.group())
        if step is None:
            if depth <= DEEPEST and not token.group().startswith(b'"'):
                yield token.span()
            continue
        depth += step
        if step > 0 and depth == DEEPEST + 1:
            start = token.start()
        elif step < 0 and depth == DEEPEST:
            yield start, token.end()
