"""What a device's card holds, in its own word: a lister that is sent to it, and its answer read."""

from backups.engine.card.digest_answers import CardDigest
from backups.engine.card.digests import digest_files
from backups.engine.card.errors import BadDigests, BadListing, NoPython, Rebooted
from backups.engine.card.fetch import list_card
from backups.engine.card.health import CardHealth
from backups.engine.card.lines import CardDatabase
from backups.engine.card.listing import CardContents, CardFile, packed
from backups.engine.card.reading import unpacked

__all__ = [
    "BadDigests",
    "BadListing",
    "CardContents",
    "CardDatabase",
    "CardDigest",
    "CardFile",
    "CardHealth",
    "NoPython",
    "Rebooted",
    "digest_files",
    "list_card",
    "packed",
    "unpacked",
]
