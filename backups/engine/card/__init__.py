"""What a device's card holds, in its own word: a lister that is sent to it, and its answer read."""

from backups.engine.card.errors import BadListing, NoPython
from backups.engine.card.fetch import list_card
from backups.engine.card.lines import CardDatabase
from backups.engine.card.listing import CardContents, CardFile, packed, unpacked

__all__ = [
    "BadListing",
    "CardContents",
    "CardDatabase",
    "CardFile",
    "NoPython",
    "list_card",
    "packed",
    "unpacked",
]
