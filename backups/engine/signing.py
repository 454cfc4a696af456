"""Signatures that anybody can check with the OpenSSH that he has: ssh-keygen -Y."""

import subprocess
import tempfile
from pathlib import Path

from backups.engine.errors import BackupError
from devices.texts import one_line

PRINCIPAL, NAMESPACE = "ethonode", "certificate@ethonode"
SECONDS = 60


class SigningFailed(BackupError):
    """ssh-keygen did not sign, or what it signed does not verify."""


def sign(key_file: Path, public: str, content: bytes) -> str:
    """A signature that was verified at once. Raises SigningFailed.

    By stdin: where a `.sig` lies beside a named file, ssh-keygen keeps that one, and says all is
    well.
    """
    done = _keygen(["-q", "-Y", "sign", "-f", str(key_file), "-n", NAMESPACE], content)
    if done.returncode:
        raise SigningFailed(f"ssh-keygen: {_said(done)}")
    signature = done.stdout.decode("ascii", "replace")
    if why := why_not_signed(public, content, signature):
        raise SigningFailed(f"what was signed does not verify: {why}")
    return signature


def why_not_signed(public: str, content: bytes, signature: str) -> str:
    """Why this is no signature of this key over this content; "": it is one."""
    with tempfile.TemporaryDirectory(prefix="ethonode-signature-") as folder:
        signers, signed = Path(folder) / "allowed_signers", Path(folder) / "signature"
        signers.write_text(allowed_signers(public))
        signed.write_text(signature)
        words = ["-Y", "verify", "-f", str(signers), "-I", PRINCIPAL, "-n", NAMESPACE]
        done = _keygen([*words, "-s", str(signed)], content)
    if done.returncode == 0:
        return ""
    return _said(done)


def allowed_signers(public: str) -> str:
    """The line by which others check what this key signed, and nothing else of it."""
    kind, key = public.split()[:2]
    return f'{PRINCIPAL} namespaces="{NAMESPACE}" {kind} {key}\n'


def _said(done: "subprocess.CompletedProcess[bytes]") -> str:
    said = one_line(done.stderr.decode(errors="replace"), limit=300)
    return said or f"ssh-keygen ended as {done.returncode}"


def _keygen(words: list[str], content: bytes) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(
            ["ssh-keygen", *words], input=content, capture_output=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SigningFailed(f"ssh-keygen: {error}") from error
