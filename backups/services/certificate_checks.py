"""A certificate as a file, held against what it says: signature, copies, and whether it stands."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec
from django.conf import settings

from backups.engine.copies.errors import LocalFailed
from backups.engine.pull import ensure_key
from backups.engine.signing import why_not_signed
from backups.engine.wipe.certificate import CertificateBody, digest_in_hex, read_body
from backups.models import WipeCertificate
from backups.services.card_places import digest_at


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCertificate:
    """`wrong`: whatever is not as it says. `known`: it was made here."""

    body: CertificateBody | None
    wrong: tuple[str, ...]
    known: WipeCertificate | None = None


def check_certificate(
    content: bytes, signature: str, *, tell: Callable[[int, int], None]
) -> CheckedCertificate:
    """Every copy that it names is read to its end. `tell`: how many are done, of how many.

    By our own key, or by one of an earlier certificate of ours. Raises KeyFailed, SigningFailed.
    """
    known = WipeCertificate.objects.filter(body_digest=digest_in_hex(content)).first()
    public = known.signed_by if known else ensure_key(settings.CERTIFICATE_KEY_FILE)
    if why := why_not_signed(public, content, signature):
        return CheckedCertificate(body=None, wrong=(f"its signature is not ours: {why}",))
    try:
        body = read_body(content)
    except msgspec.DecodeError as error:
        return CheckedCertificate(body=None, wrong=(f"it cannot be read: {error}",))
    wrong = [*_withdrawn(known), *_other_copies(body, tell)]
    return CheckedCertificate(body=body, wrong=tuple(wrong), known=known)


def _withdrawn(known: WipeCertificate | None) -> Iterator[str]:
    if known is None:
        yield "this installation does not know it: whether it was withdrawn cannot be told"
    elif known.withdrawn_at:
        yield f"withdrawn at {known.withdrawn_at:%Y-%m-%d %H:%M} UTC: {known.withdrawn_why}"


def _other_copies(body: CertificateBody, tell: Callable[[int, int], None]) -> Iterator[str]:
    held = [item for item in body.items if item.place]
    for number, item in enumerate(held):
        tell(number, len(held))
        try:
            digest = digest_at(item.path, stop=lambda: False).blake2b
        except LocalFailed as error:
            yield f"{item.name}: our copy cannot be read: {error}"
            continue
        if digest != item.digest:
            yield f"{item.name}: our copy is not what it was: its digest is another"
