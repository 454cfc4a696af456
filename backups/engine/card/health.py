"""How a card is, in the words of its device. None, or an empty text: it was not told."""

import msgspec

from backups.engine.card.fields import Line, Row, Size, Text, Time

TOO_WEAK_NOW, TOO_WEAK_SINCE_START = 1 << 0, 1 << 16  # of `throttled`


class CardPartition(Row, frozen=True):
    """What ext4 counts of one partition, from the day on which it was made."""

    name: Text
    errors: Size
    first_at: Time | None
    first_in: Text  # the kernel's function
    last_at: Time | None
    last_in: Text
    warnings: Size | None
    written_kib: Size | None  # ever


class KernelErrors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Errors of SD cards in the kernel's log, and since when that log goes."""

    by: Text  # "dmesg" or "journal"
    since: Time | None
    count: Size
    first: Time | None
    last: Time | None
    said: Text  # the last one


class SdCard(Row, frozen=True):
    name: Text
    date: Text  # made, as MM/YYYY
    serial: Text
    life_time: Text  # used up, in tenths: "0x03 0x02"; few cards tell
    kind: Text  # "SD" or "MMC"


class CardHealth(Line, tag="health", frozen=True, kw_only=True):
    """How the card of a device is; `head` of the same listing tells free space and read-only.

    Times are seconds on the device's clock. `throttled`: the bits of `vcgencmd get_throttled`.
    """

    partitions: list[CardPartition] | None = None
    kernel: KernelErrors | None = None
    cards: list[SdCard] = []
    throttled: Size | None = None

    @property
    def serial(self) -> str:
        """Of all its cards; "": none is told."""
        return " ".join(card.serial for card in self.cards if card.serial)[:100]

    @property
    def ext4_errors(self) -> int | None:
        """Of all its partitions."""
        if self.partitions is None:
            return None
        return sum(one.errors for one in self.partitions)

    @property
    def too_weak_now(self) -> bool | None:
        """Whether its power supply is; a card that is written then is soon no more."""
        return None if self.throttled is None else bool(self.throttled & TOO_WEAK_NOW)

    @property
    def was_too_weak(self) -> bool | None:
        """Whether its power supply was, at any time since it started."""
        return None if self.throttled is None else bool(self.throttled & TOO_WEAK_SINCE_START)
