"""May this card be wiped? The facts that a question has gathered, and the rules that answer it."""

from backups.engine.wipe.facts import (
    CardShown,
    DiskShown,
    HeldContent,
    MariaDBShown,
    Remedy,
    Teller,
    WipeFacts,
    WipeItem,
    WriteOff,
)
from backups.engine.wipe.rules import MayWipe, WipeAnswer, WipeReason, may_wipe

__all__ = [
    "CardShown",
    "DiskShown",
    "HeldContent",
    "MariaDBShown",
    "MayWipe",
    "Remedy",
    "Teller",
    "WipeAnswer",
    "WipeFacts",
    "WipeItem",
    "WipeReason",
    "WriteOff",
    "may_wipe",
]
