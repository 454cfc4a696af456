"""Addresses of channels, sealed under the secret key and bound to their rows.

They go in and come out here, and nowhere else: no page, no answer of the API and no log has them.
"""

import base64
import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from incidents.models import Channel

PURPOSE = b"ethonode channel secrets v1"


class Unreadable(Exception):
    """It was sealed under another key, or for another row; the text says what to do."""


def seal(channel: Channel, address: str, *, signing_key: str = "") -> None:
    """Keep it in the channel, which is not saved."""
    text = json.dumps({"row": channel.row_name, "address": address, "key": signing_key})
    channel.sealed = _box().encrypt(text.encode()).decode()


def opened(channel: Channel) -> tuple[str, str]:
    """The address, and the key that webhooks are signed with. Raises Unreadable."""
    try:
        told = json.loads(_box().decrypt(channel.sealed.encode()))
    except InvalidToken as error:
        text = "its address cannot be read with this secret key: type it anew"
        raise Unreadable(text) from error
    if told["row"] != channel.row_name:
        raise Unreadable("its address was made for another channel: type it anew")
    return told["address"], told["key"]


def sealed_anew(channel: Channel) -> str:
    """The same address under the newest key. Raises Unreadable."""
    opened(channel)
    return _box().rotate(channel.sealed.encode()).decode()


def installation() -> str:
    """A short name of this installation, which tells nothing of its key."""
    return _derived(settings.SECRET_KEY, b"ethonode installation v1").hex()[:8]


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key, PURPOSE))) for key in keys])


def _derived(secret: str | bytes, purpose: bytes) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose)
    return kdf.derive(secret.encode() if isinstance(secret, str) else secret)
