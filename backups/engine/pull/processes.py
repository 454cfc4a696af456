"""A program of this machine under way: heard line by line, and ended with all that it started."""

import os
import re
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import IO

from backups.engine.errors import Cancelled
from backups.engine.pull.errors import Hung, ProgramFailed, TooMuchOutput

TICK = 0.1  # seconds between two looks whether somebody wants an end
PATIENCE = 1.0  # seconds between asking a program to end and killing it
LONGEST_LINE = 16 * 1024
LAST_WORDS = 8 * 1024
_PIECE = 64 * 1024
_LINE_ENDS = re.compile(rb"[\r\n]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leash:
    """When to give a program up."""

    cancelled: Callable[[], bool] = lambda: False
    silent_seconds: float = 120.0
    most_bytes: int = 256 * 1024 * 1024
    most_seconds: float = inf  # in all, of what it says
    longest_line: int = LONGEST_LINE


class LocalProgram:
    """Use as a context manager: at its end nothing of the process group is left."""

    def __init__(
        self,
        words: Sequence[str],
        *,
        stdin: IO[bytes] | int = subprocess.DEVNULL,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        if shutil.which(words[0]) is None:
            raise ProgramFailed(f"{words[0]} is not installed on this machine")
        try:
            self._process = subprocess.Popen(
                _dying_with_us(words),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                env={**plain_environment(), **(environment or {})},
            )
        except OSError as error:
            raise ProgramFailed(f"{words[0]}: {error.strerror}") from error
        self._heard = bytearray()
        self._last_words = bytearray()

    def __enter__(self) -> "LocalProgram":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                with suppress(OSError):
                    pipe.close()

    @property
    def said(self) -> str:
        """The end of what it wrote to stderr."""
        return self._last_words.decode(errors="replace")

    def close_stdin(self) -> None:
        if self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()

    def lines(self, leash: Leash) -> Iterator[str]:
        """What it says until it closes stdout. Raises Cancelled, Hung or TooMuchOutput."""
        with selectors.DefaultSelector() as selector:
            for pipe in (self._process.stdout, self._process.stderr):
                if pipe and not pipe.closed:
                    selector.register(pipe, selectors.EVENT_READ)
            for piece in self._pieces(selector, leash):
                yield from self._split(piece, leash.longest_line)
        if self._heard:
            yield _decoded(self._heard)
            self._heard.clear()

    def code(self, leash: Leash) -> int:
        """Its exit code, when it has ended by itself."""
        since = time.monotonic()
        while self._process.poll() is None:
            _check(leash, since)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(TICK)
        self._end()
        return self._process.returncode

    def _pieces(self, selector: selectors.BaseSelector, leash: Leash) -> Iterator[bytes]:
        began = since = time.monotonic()
        most = leash.most_bytes
        while selector.get_map():
            for key, _ in selector.select(TICK):
                piece = os.read(key.fd, _PIECE)
                since, most = time.monotonic(), most - len(piece)
                if not piece:
                    selector.unregister(key.fileobj)
                elif key.fileobj is self._process.stderr:
                    self._last_words = (self._last_words + piece)[-LAST_WORDS:]
                else:
                    yield piece
            _check(leash, since)
            _check_measure(leash, most, since - began)

    def _split(self, piece: bytes, longest: int) -> Iterator[str]:
        *whole, rest = _LINE_ENDS.split(self._heard + piece)
        if len(rest) > longest:
            raise TooMuchOutput(f"a line of more than {longest:,} bytes")
        self._heard = bytearray(rest)
        for line in whole:
            yield _decoded(line)

    def _end(self) -> None:
        """End the group; a program that was stopped, or does not listen, is killed."""
        self.close_stdin()
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE)
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def _check(leash: Leash, since: float) -> None:
    if leash.cancelled():
        raise Cancelled("cancelled")
    if time.monotonic() - since > leash.silent_seconds:
        raise Hung(f"no sign of life for {leash.silent_seconds:g} seconds")


def _check_measure(leash: Leash, bytes_left: int, seconds: float) -> None:
    if bytes_left < 0:
        raise TooMuchOutput(f"more than {leash.most_bytes:,} bytes of output")
    if seconds > leash.most_seconds:
        raise Hung(f"not done after {leash.most_seconds:g} seconds")


def _decoded(line: bytes | bytearray) -> str:
    return line.decode(errors="replace")


def _dying_with_us(words: Sequence[str]) -> list[str]:
    """Let it end when we are killed; util-linux can do that without code between fork and exec."""
    if shutil.which("setpriv"):
        return ["setpriv", "--pdeathsig", "TERM", "--", *words]
    return list(words)


def plain_environment() -> dict[str, str]:
    """Nothing of the user's: no agent, no RSYNC_RSH, no language."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
