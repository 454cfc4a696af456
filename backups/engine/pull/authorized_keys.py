"""Put our public key on a device, with the password of its account.

ssh asks a helper of ours for the password, and the helper reads it from this process's memory: it
is on no command line, in no environment and in no file.
"""

import os
import re
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backups.engine.pull.errors import KeyRefused, NoPasswords, PasswordRefused
from backups.engine.pull.processes import Leash
from backups.engine.pull.ssh import SshTarget, run_on

# Once, and on a line of its own; what is there already stays as it is.
_ADD = """
cd / || exit 1
umask 077
folder="$HOME/.ssh"
keys="$folder/authorized_keys"
[ -d "$folder" ] || mkdir "$folder" || exit 1
touch "$keys" || exit 1
chmod go-w "$folder" "$keys" || exit 1
grep -q "^[^#]*$1" "$keys" && exit 0
[ -z "$(tail -c 1 "$keys")" ] || echo >> "$keys" || exit 1
printf '%s\\n' "$2" >> "$keys"
"""
_BY_PASSWORD = {
    "BatchMode": "no",
    "PubkeyAuthentication": "no",
    "PasswordAuthentication": "yes",
    "PreferredAuthentications": "password,keyboard-interactive",
    "NumberOfPasswordPrompts": "1",
}
_ASKS = re.compile(r"Permission denied \([^)]*(password|keyboard-interactive)")


def authorize(target: SshTarget, public_key: str, *, password: str, leash: Leash) -> None:
    """Let the account take our key, as one more line of its ~/.ssh/authorized_keys.

    Raises PasswordRefused, NoPasswords, PullError.
    """
    content = public_key.split()[1]
    with _asked_for(password, target.key_file.parent) as environment:
        try:
            run_on(
                target,
                ["sh", "-c", _ADD, "sh", content, public_key],
                leash=leash,
                changed=_BY_PASSWORD,
                environment=environment,
            )
        except KeyRefused as error:
            if _ASKS.search(str(error)):
                raise PasswordRefused(str(error)) from error
            raise NoPasswords(str(error)) from error


@contextmanager
def _asked_for(password: str, folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which ssh asks our helper, which can read it as often as ssh asks."""
    memory = os.memfd_create("asked for", os.MFD_CLOEXEC)
    try:
        os.write(memory, password.encode() + b"\n")
        with tempfile.TemporaryDirectory(prefix=".asking-", dir=folder) as place:
            helper = Path(place) / "ask"
            source = shlex.quote(f"/proc/{os.getpid()}/fd/{memory}")
            helper.write_text(f"#!/bin/sh\nexec head -n 1 {source}\n")
            helper.chmod(0o700)
            yield {"SSH_ASKPASS": str(helper), "SSH_ASKPASS_REQUIRE": "force"}
    finally:
        os.close(memory)
