"""One or many: the nouns after a number, and what is said of one thing in the words for many."""

_OF_ONE = {
    "are": "is", "were": "was", "have": "has", "hold": "holds", "lack": "lacks", "their": "its",
}  # fmt: skip


def counted(count: int, noun: str) -> str:
    """ "1 file", "2,000 files"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def agreeing(words: str, count: int) -> str:
    """Words written of many things, as they are said of so many. What follows a colon is somebody
    else's, and stays."""
    if count != 1:
        return words
    said, colon, cause = words.partition(":")
    return " ".join(_OF_ONE.get(word, word) for word in said.split(" ")) + colon + cause
