"""Hosts of our own: network namespaces, each with a wire to where the lab is, in a world apart.

The world (its processes, mounts and network) ends with whoever made it.
"""

import ctypes
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.hosts.clock import Clock

LAB_HOST = "10.61.255.1"  # node and daemons of the lab; its devices are around it
LAB_NETWORK = "10.61"
INSIDE = "ETHONODE_HOSTS_INSIDE"
NAMESPACES = Path("/run/netns")
APART = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
# A shell as the first process: it buries whoever nobody else does.
FIRST = ("sh", "-c", 'mount -t tmpfs tmpfs /run/netns && "$@"; exit $?', "sh")
IN_IT = (*APART, "--propagation", "private", "--", *FIRST)
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """`address` is where others reach it. Without a namespace it is this machine.

    `lacks`: folders of others, which are empty for whoever runs on it. `clock`: its own, if it is
    not that of this machine.
    """

    name: str
    address: str = "127.0.0.1"
    apart: bool = False
    lacks: tuple[Path, ...] = ()
    clock: Clock | None = None

    def words(self, *command: str) -> list[str]:
        """The same process becomes the command: whoever kills it kills that."""
        if self.clock:
            command = (*self.clock.words, *command)
        if not self.apart:
            return list(command)
        lines = [f"hostname {self.name}"]
        lines += [f"mount -t tmpfs -o ro tmpfs {shlex.quote(str(path))}" for path in self.lacks]
        lines += [f'exec nsenter --net={NAMESPACES}/{self.name} -- "$@"']
        own = ["--uts", "--mount"] if self.lacks else ["--uts"]
        return ["unshare", *own, "sh", "-ec", "\n".join(lines), "sh", *command]

    def enter(self) -> None:
        """This thread sees its network from now on."""
        if not self.apart:
            return
        with (NAMESPACES / self.name).open() as namespace:
            if LIBC.setns(namespace.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"no way into {self.name}")

    def cut(self) -> None:
        _ip("link", "set", f"to-{self.name}", "down")

    def join(self) -> None:
        _ip("link", "set", f"to-{self.name}", "up")


def no_world_apart() -> str:
    """Why there can be none; empty: there can, or this is in it already."""
    if os.environ.get(INSIDE):
        return ""
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    NAMESPACES.mkdir(exist_ok=True)
    probe = subprocess.run([*IN_IT, "ip", "link"], capture_output=True, text=True)
    return (probe.stderr.strip() or "no network namespaces") if probe.returncode else ""


def enter_it(module: str) -> None:
    """Be started again in there, as `python -m MODULE` with the same words."""
    if not os.environ.get(INSIDE):
        os.environ[INSIDE] = "yes"
        words = [*IN_IT, sys.executable, "-m", module, *sys.argv[1:]]
        os.execvp(words[0], words)  # noqa: S606


def make_hosts(names: list[str]) -> list[Host]:
    """Where the lab is, all wires end, and each host reaches each other through it."""
    if not os.environ.get(INSIDE):
        return [Host(name=name) for name in names]
    _ip("link", "set", "lo", "up")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    _ip("route", "add", "local", f"{LAB_NETWORK}.0.0/16", "dev", "lo")
    return [_make(name, number) for number, name in enumerate(names, 1)]


def _make(name: str, number: int) -> Host:
    here, there = f"10.60.{number}.1", f"10.60.{number}.2"
    _ip("netns", "add", name)
    _ip("link", "add", f"to-{name}", "type", "veth", "peer", "name", "wire", "netns", name)
    _ip("addr", "add", f"{here}/24", "dev", f"to-{name}")
    _ip("link", "set", f"to-{name}", "up")
    for words in (
        ("link", "set", "lo", "up"),
        ("addr", "add", f"{there}/24", "dev", "wire"),
        ("link", "set", "wire", "up"),
        ("route", "add", "default", "via", here),
    ):
        _ip("-n", name, *words)
    return Host(name=name, address=there, apart=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
