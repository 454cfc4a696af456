"""What a login on a simulated device meets: sshd starts it, with the folder of the machines.

It becomes the command that was asked for, on the machine at whose address the login came in. Runs
by itself, below `python3 -I -S`: nothing of the lab is imported.
"""

import json
import os
import select
import shlex
import sys
from pathlib import Path


def main(machines: Path) -> None:
    address = os.environ["SSH_CONNECTION"].split()[0]
    told = json.loads((machines / address / "machine.json").read_bytes())
    if told["greeting"]:
        sys.stdout.write(told["greeting"] + "\n")
        sys.stdout.flush()
    if told["hangs"]:
        _hang()
    os.environ["LAB_MACHINE"] = str(machines / address)
    os.environ["PATH"] = told["path"]
    command = _on_its_card(os.environ.get("SSH_ORIGINAL_COMMAND", ""), told)
    os.execv("/bin/sh", ["sh", "-c", command] if command else ["sh"])  # noqa: S606


def _on_its_card(command: str, told: dict[str, str]) -> str:
    """What is asked about the whole data root is asked of this device's card alone."""
    root, card = told["data_root"], told["card"]
    if root not in command:
        return command
    words = shlex.split(command)
    places = {root: card, f"{root}/": f"{card}/"}
    if not places.keys() & set(words):
        return command  # a path below it names whose it is
    return shlex.join(places.get(word, word) for word in words)


def _hang() -> None:
    """Until whoever logged in is gone."""
    gone = select.poll()
    gone.register(1, 0)
    gone.poll()
    sys.exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
