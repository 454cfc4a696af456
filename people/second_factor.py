"""A second factor: a code of the telephone beside the password, for those who want one."""

from base64 import b32encode

import segno
from django.contrib.auth.models import User
from django.db import transaction
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

RECOVERY_CODES = 8


def begin(user: User) -> TOTPDevice:
    """The one that waits for its first code; made where there is none. It asks for nothing yet."""
    found = TOTPDevice.objects.filter(user=user, confirmed=False).first()
    return found or TOTPDevice.objects.create(user=user, name="telephone", confirmed=False)


def qr_svg(device: TOTPDevice) -> str:
    svg: str = segno.make(device.config_url).svg_inline(scale=4, light="#fff", border=2)
    return svg


def key_to_type(device: TOTPDevice) -> str:
    text = b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def confirm(user: User, code: str) -> list[str] | None:
    """Take it into use by its first code. Gives codes that work once; None: the code was wrong."""
    device = TOTPDevice.objects.filter(user=user, confirmed=False).first()
    if device is None or not device.verify_token(code):
        return None
    with transaction.atomic():
        device.confirmed = True
        device.save()
        return _recovery_codes(user)


def _recovery_codes(user: User) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    spare = StaticDevice.objects.create(user=user, name="recovery codes")
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=spare, token=code) for code in codes)
    return codes


def forget_factor(user: User) -> None:
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
