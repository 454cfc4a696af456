"""Texts from outside, made fit to be stored and shown."""


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
