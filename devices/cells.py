"""Text for the cells of a table that a spreadsheet opens: none of it is ever run.

Names, codes and errors come from devices: one that begins like a formula would be one.
"""

import re
from typing import Any

# Also behind a separator: where commas separate decimals, files are cut at semicolons.
_FORMULA = re.compile(r"(^|[;\t\r\n])(\s*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r])")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


def harmless(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula begins with an apostrophe instead."""
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    return _FORMULA.sub(r"\1'\2", value)
