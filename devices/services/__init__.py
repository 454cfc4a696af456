from devices.services.cards import CardReport, read_cards
from devices.services.refresh import NothingToAsk, RefreshReport, refresh_devices
from devices.services.videos import video_listing

__all__ = [
    "CardReport",
    "NothingToAsk",
    "RefreshReport",
    "read_cards",
    "refresh_devices",
    "video_listing",
]
