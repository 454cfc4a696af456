"""The units of deploy/systemd, and a small world in which their commands run as they are given.

The world is a mount and process namespace: /opt/ethonode, the account, /etc/ethonode.env and what
the units may write exist in there only, and all else is read-only, as `ProtectSystem=strict` has
it. What only systemd itself can do (system call filters, device and kernel protection) is left out.
"""

import configparser
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.platform.stack import PATIENCE, wait_until

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
ACCOUNT = 64_999
PROGRAM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"  # as systemd gives it

# $1: this checkout; $2: where Python itself is; $3: the lines of /etc/ethonode.env; $4: the account
BUILD = """
set -e
mount -t tmpfs -o mode=755 tmpfs /mnt
bound() { mkdir -p "/mnt/bound$1"; mount --bind "$1" "/mnt/bound$1"; }
bound "$1"; bound "$2"; [ -z "$5" ] || bound "$5"
for place in etc opt var/lib; do
  mkdir -p /mnt/upper/$place /mnt/scratch/$place
  layers=lowerdir=/$place,upperdir=/mnt/upper/$place,workdir=/mnt/scratch/$place
  mount -t overlay -o "$layers" overlay /$place
done
for place in tmp root home run; do mount -t tmpfs -o mode=755 tmpfs /$place; done
chmod 1777 /tmp
for one in "$1" "$2" "$5"; do
  case $one in
    /tmp/*|/root/*|/home/*|/run/*) mkdir -p "$one"; mount --bind "/mnt/bound$one" "$one";;
  esac
done
echo "ethonode:x:$4:$4::/var/lib/ethonode:/usr/sbin/nologin" >> /etc/passwd
echo "ethonode:x:$4:" >> /etc/group
printf '%s\n' "$3" > /etc/ethonode.env
chmod 640 /etc/ethonode.env; chgrp "$4" /etc/ethonode.env
mkdir -p /opt/ethonode /var/lib/ethonode
mount --bind "/mnt/bound$1" /opt/ethonode
mount -t tmpfs -o "mode=750,uid=$4,gid=$4" tmpfs /var/lib/ethonode
for place in / /opt /opt/ethonode /etc /var/lib; do mount -o remount,bind,ro $place; done
echo built
exec sleep infinity
"""


class Multiple(dict):
    """A setting that is given twice counts twice."""

    def __setitem__(self, key, value):
        if key in self and isinstance(value, list):
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


@dataclass(frozen=True, slots=True)
class Unit:
    name: str
    service: dict[str, list[str]]

    def one(self, key: str, default: str = "") -> str:
        return self.service.get(key, [default])[-1]

    def commands(
        self, key: str, environment: dict[str, str], instance: str = ""
    ) -> list[list[str]]:
        """What systemd would run, with its variables and its %i filled in."""
        return [
            [_filled(word, environment, instance) for word in shlex.split(line)]
            for line in self.service.get(key, [])
        ]


def _filled(word: str, environment: dict[str, str], instance: str) -> str:
    for name, value in environment.items():
        word = word.replace(f"${{{name}}}", value)
    for sign, text in (("%i", instance), ("%I", instance), ("%%", "%")):
        word = word.replace(sign, text)
    return word


def unit(path: Path) -> Unit:
    parser = configparser.RawConfigParser(strict=False, dict_type=Multiple, delimiters="=")
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(path)
    service = {key: value.split("\n") for key, value in parser["Service"].items()}
    return Unit(path.name, service)


def environment_of(lines: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in lines.splitlines() if line and line[0] != "#")
    return {name: value for name, _, value in pairs}


@dataclass(slots=True)
class Started:
    """A unit's main process; `run` is who entered the world for it."""

    unit: Unit
    run: subprocess.Popen
    log: Path

    def stop(self, number: int | None = None) -> int:
        """As systemd does: its signal to the main process, or another."""
        by = number or getattr(signal, self.unit.one("KillSignal", "SIGTERM"))
        os.kill(self.main_pid, by)
        return self.run.wait(timeout=PATIENCE)

    @property
    def main_pid(self) -> int:
        """`nsenter --pid` stays outside and waits for its child."""
        return _only_child(self.run.pid)


@dataclass(slots=True)
class World:
    holder: subprocess.Popen
    environment: dict[str, str]
    folder: Path
    started: list[Started] = field(default_factory=list)

    def run(self, unit: Unit, words: list[str], *, notify: str = "", log=None) -> subprocess.Popen:
        account = [f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups", "--no-new-privs"]
        account += ["--inh-caps=-all", "--bounding-set=-all", "--"]
        begin = f'umask {unit.one("UMask", "0022")}; cd {unit.one("WorkingDirectory")}; exec "$@"'
        return subprocess.Popen(
            [*self._enter, "setpriv", *account, "sh", "-c", begin, "sh", *words],
            env=self._environment(unit, notify),
            stdout=log or subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )

    def start(self, unit: Unit, *, instance: str = "", notify: str = "", also=()) -> Started:
        """All that comes before, to its end, and then the last command. `also`: words behind it."""
        self._make_folders(unit)
        environment = self._environment(unit, notify)
        before = unit.commands("ExecStartPre", environment, instance)
        *first, last = unit.commands("ExecStart", environment, instance)
        log = self.folder / f"{unit.name}{instance}.{len(self.started)}.log"
        with log.open("wb") as output:
            for words in (*before, *first):
                code = self.run(unit, words, log=output).wait(timeout=PATIENCE)
                assert code == 0, log.read_text()
            run = self.run(unit, [*last, *also], notify=notify, log=output)
        self.started.append(Started(unit, run, log))
        return self.started[-1]

    @property
    def _enter(self) -> list[str]:
        return ["nsenter", f"--target={_only_child(self.holder.pid)}", "--mount", "--pid", "--"]

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """What root does in there, to its end."""
        every = [*self._enter, *words]
        return subprocess.run(every, capture_output=True, text=True, timeout=PATIENCE)

    def write(self, path: str, content: bytes) -> None:
        owner = ["install", f"--owner={ACCOUNT}", f"--group={ACCOUNT}", "--mode=640"]
        words = [*self._enter, *owner, "/dev/stdin", path]
        subprocess.run(words, input=content, check=True, timeout=PATIENCE)

    def _make_folders(self, unit: Unit) -> None:
        for key, below in (("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run")):
            for name in unit.service.get(key, []):
                mode = unit.one(f"{key}Mode", "0755")
                who = [f"--owner={ACCOUNT}", f"--group={ACCOUNT}", f"--mode={mode}"]
                made = self.command("install", "--directory", *who, f"{below}/{name}")
                assert made.returncode == 0, made.stderr

    def _environment(self, unit: Unit, notify: str) -> dict[str, str]:
        own = dict(line.split("=", 1) for line in unit.service.get("Environment", []))
        home = {"PATH": PROGRAM_PATH, "HOME": "/var/lib/ethonode", "USER": "ethonode"}
        told = {"NOTIFY_SOCKET": notify} if notify else {}
        return home | own | self.environment | told


def cannot_build() -> str:
    """Why no world can be made here; empty: one can."""
    if os.geteuid() != 0:
        return "only root can make namespaces"
    probe = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "true"]
    return subprocess.run(probe, capture_output=True, text=True).stderr.strip()


@contextmanager
def world(folder: Path, lines: str) -> Iterator[World]:
    """With `lines` as /etc/ethonode.env. At the end nothing of it is left."""
    venv = Path(os.path.realpath(ROOT / ".venv"))
    elsewhere = "" if venv.is_relative_to(ROOT) else str(venv)
    apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    words = ["sh", "-c", BUILD, "sh", str(ROOT), sys.base_prefix, lines, str(ACCOUNT), elsewhere]
    with ExitStack() as stack:
        errors = stack.enter_context((folder / "world.log").open("wb"))
        holder = subprocess.Popen([*apart, "--", *words], stdout=subprocess.PIPE, stderr=errors)
        stack.callback(holder.wait)
        stack.callback(holder.kill)
        assert holder.stdout is not None
        stack.callback(holder.stdout.close)
        assert holder.stdout.readline() == b"built\n", (folder / "world.log").read_text()
        made = World(holder, environment_of(lines), folder)
        yield made
    for one in made.started:
        one.run.wait(timeout=PATIENCE)


def _only_child(pid: int) -> int:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    wait_until(lambda: found.read_text().split())
    return int(found.read_text().split()[0])
