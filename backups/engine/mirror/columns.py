"""One column on both sides: its type here, how to ask for it exactly, how to fingerprint it."""

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

LARGEST_INTEGER = 2**63 - 1  # SQLite's
NULL_MARK = "N"  # stands for NULL in packed text, where no value can be this
# MariaDB writes a float in full up to this many places, or if it still has a fraction.
FIXED_DIGITS = 15

_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint", "year", "bit"})
_PLAIN_TEXT = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})
_ASCII = frozenset({"decimal", "date", "time", "datetime", "timestamp"})
_BLOBS = frozenset(
    {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"}
    | {"geometry", "point", "linestring", "polygon", "geometrycollection"}
    | {"multipoint", "multilinestring", "multipolygon"}
)


_WIDEST = {"tinyint": 4, "smallint": 6, "mediumint": 8, "int": 11, "year": 4}  # signs, as text


class ValueKind(StrEnum):
    INTEGER = "integer"
    LARGE = "large"  # up to 2**64 - 1: beyond SQLite's integers, so kept as text where it must
    SINGLE = "single"
    DOUBLE = "double"
    ASCII = "ascii"  # numbers and times that only text keeps exactly
    TEXT = "text"
    BLOB = "blob"


_SQLITE_TYPES = {
    ValueKind.INTEGER: "INTEGER",
    ValueKind.LARGE: "",  # no affinity: an integer where it fits, else text, never a rounded float
    ValueKind.SINGLE: "REAL",
    ValueKind.DOUBLE: "REAL",
    ValueKind.ASCII: "TEXT",
    ValueKind.TEXT: "TEXT",
    ValueKind.BLOB: "BLOB",
}


def quoted(name: str) -> str:
    """An identifier, for MariaDB and SQLite alike."""
    return "`" + name.replace("`", "``") + "`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    name: str
    data_type: str  # lower case, as information_schema has it
    column_type: str
    nullable: bool

    @property
    def kind(self) -> ValueKind:
        if self.data_type in _INTEGERS:
            return ValueKind.LARGE if self._exceeds_integers else ValueKind.INTEGER
        if self.data_type in {"float", "double"}:
            return ValueKind.SINGLE if self.data_type == "float" else ValueKind.DOUBLE
        if self.data_type in _ASCII:
            return ValueKind.ASCII
        return ValueKind.BLOB if self.data_type in _BLOBS else ValueKind.TEXT

    @property
    def _exceeds_integers(self) -> bool:
        unsigned = self.data_type == "bigint" and "unsigned" in self.column_type
        return unsigned or self.column_type == "bit(64)"

    @property
    def sqlite_type(self) -> str:
        return _SQLITE_TYPES[self.kind]

    @property
    def fetched(self) -> str:
        """The expression whose text is the exact value."""
        name = quoted(self.name)
        if self.data_type in {"bit", "year"} or "zerofill" in self.column_type:
            return f"{name}+0"
        if self.kind in {ValueKind.SINGLE, ValueKind.DOUBLE}:
            return f"CAST({name} AS DOUBLE)"  # a FLOAT as it is would be cut to six digits
        if self.kind is ValueKind.TEXT and self.data_type not in _PLAIN_TEXT:
            return f"CAST({name} AS CHAR)"
        return name

    @property
    def packed(self) -> str:
        """The expression of an ASCII text without commas that tells any two values apart."""
        text = self.fetched
        if self.kind is ValueKind.TEXT:
            text = f"MD5(CONVERT({text} USING utf8mb4))"
        elif self.kind is ValueKind.BLOB:
            text = f"MD5({text})"
        return f"IFNULL({text},'{NULL_MARK}')" if self.nullable else text

    @property
    def packed_width(self) -> int:
        """How long the packed text can be."""
        if self.kind in {ValueKind.TEXT, ValueKind.BLOB}:
            return 32
        return _WIDEST.get(self.data_type, 20 if self.kind is ValueKind.INTEGER else 80)

    @property
    def read(self) -> "Callable[[Any], Any] | None":
        """From a fetched value to the one stored here; None: it can be stored as it came."""
        return _READERS.get(self.kind)

    @property
    def fingerprint(self) -> Callable[[Any], str]:
        """From a value stored here to the text that `packed` has for it."""
        return _FINGERPRINTS[self.kind]


def _read_large(number: int) -> int | str:
    return number if number <= LARGEST_INTEGER else str(number)


def shortest_single(value: float) -> float:
    """The shortest decimal that reads back as the same FLOAT: 23.4, not 23.399999618530273."""
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        if _as_single(short) == value:
            return short
    return value


def _as_single(value: float) -> float:
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return value


def _read_single(text: str) -> float:
    return shortest_single(float(text))


_READERS: dict[ValueKind, Callable[[Any], Any]] = {
    ValueKind.LARGE: _read_large,
    ValueKind.SINGLE: _read_single,
    ValueKind.DOUBLE: float,
}


def as_mariadb_writes(value: float) -> str:
    """A double as text, as MariaDB writes it: as many digits as it takes, no padding."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    if not isinstance(exponent, int):
        return repr(value)
    first = len(digits) + exponent
    if value == 0:
        return "0"
    if -FIXED_DIGITS < first <= FIXED_DIGITS or FIXED_DIGITS < first < len(digits):
        return f"{Decimal(repr(value)).normalize():f}"
    text = "".join(map(str, digits))
    mantissa = f"{text[0]}.{text[1:]}" if len(text) > 1 else text
    return f"{'-' if sign else ''}{mantissa}e{first - 1}"


def _plain(value: Any) -> str:
    return NULL_MARK if value is None else str(value)


def _of_double(value: Any) -> str:
    return as_mariadb_writes(value) if isinstance(value, float) else _plain(value)


def _of_single(value: Any) -> str:
    return _of_double(_as_single(value) if isinstance(value, float) else value)


def _of_text(value: Any) -> str:
    if value is None:
        return NULL_MARK
    return _md5(value.encode() if isinstance(value, str) else repr(value).encode())


def _of_blob(value: Any) -> str:
    if value is None:
        return NULL_MARK
    return _md5(value if isinstance(value, bytes) else repr(value).encode())


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


_FINGERPRINTS: dict[ValueKind, Callable[[Any], str]] = {
    ValueKind.INTEGER: _plain,
    ValueKind.LARGE: _plain,
    ValueKind.SINGLE: _of_single,
    ValueKind.DOUBLE: _of_double,
    ValueKind.ASCII: _plain,
    ValueKind.TEXT: _of_text,
    ValueKind.BLOB: _of_blob,
}
