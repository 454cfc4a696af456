"""What a field of an answer from the device may be at most.

Times are of the device's own clock: of files in nanoseconds, all others in seconds.
"""

from typing import Annotated

import msgspec

LONGEST_PATH = 4096

Size = Annotated[int, msgspec.Meta(ge=0, lt=2**62)]
Time = Annotated[int, msgspec.Meta(gt=-(2**62), lt=2**62)]
Inode = Annotated[int, msgspec.Meta(ge=0)]  # some have all 64 bits
Text = Annotated[str, msgspec.Meta(max_length=300)]
Path = Annotated[str, msgspec.Meta(max_length=LONGEST_PATH)]
Table = Annotated[str, msgspec.Meta(max_length=64)]


class Line(msgspec.Struct, frozen=True, tag_field="k", forbid_unknown_fields=True):
    """One line of an answer."""


class Row(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A part of a line whose fields have no names."""
