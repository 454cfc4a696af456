"""Times as find and stat write them."""


def nanoseconds(seconds: str) -> int:
    """Of a text with nine decimals or more: a float would lose some."""
    whole, _, rest = seconds.lstrip("-").partition(".")
    found = int(whole) * 10**9 + int(rest[:9])
    return -found if seconds.startswith("-") else found
