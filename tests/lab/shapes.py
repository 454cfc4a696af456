"""The shape of a JSON value: its keys and types, not its numbers and texts."""


def shape(value, *, keyed=()):
    """Below a key in `keyed`, objects are maps from names to one thing: their keys do not count."""
    if isinstance(value, dict):
        return {key: _below(key, each, keyed) for key, each in value.items()}
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return type(value).__name__
    return "number" if isinstance(value, int | float) else "list"


def _below(key, value, keyed):
    if key in keyed and isinstance(value, dict):
        return sorted({str(shape(each, keyed=keyed)) for each in value.values()})
    return shape(value, keyed=keyed)


def differences(ours, theirs, *, at=""):
    """Where two shapes differ. A null on either side says nothing about the type."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = [f"{at}.{key}: not in both" for key in ours.keys() ^ theirs.keys()]
        for key in ours.keys() & theirs.keys():
            found += differences(ours[key], theirs[key], at=f"{at}.{key}")
        return found
    if "NoneType" in (ours, theirs) or ours == theirs or [] in (ours, theirs):
        return []
    return [f"{at}: {ours} is not {theirs}"]
