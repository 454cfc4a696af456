"""The small files without which a database is worth less: secrets that messages, ssh and
certificates are made with."""

from pathlib import Path

from django.conf import settings


def key_files() -> dict[str, Path]:
    """Name in a save -> where it lies. `secret_key` is there only where ethonode made its own."""
    return {
        "secret_key": settings.VAR_DIR / "secret_key",
        "ssh_key": settings.SSH_KEY_FILE,
        "ssh_key.pub": _public(settings.SSH_KEY_FILE),
        "known_hosts": settings.SSH_KNOWN_HOSTS,
        "certificate_key": settings.CERTIFICATE_KEY_FILE,
        "certificate_key.pub": _public(settings.CERTIFICATE_KEY_FILE),
    }


def _public(key: Path) -> Path:
    return key.with_name(f"{key.name}.pub")
