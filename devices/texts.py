"""Texts from outside, made fit to be stored and shown."""


def one_line(text: str, *, limit: int) -> str:
    """The text without line breaks, control characters and direction marks, cut to the limit."""
    printable = "".join(char if char.isprintable() else " " for char in text[: 4 * limit])
    return " ".join(printable.split())[:limit]
