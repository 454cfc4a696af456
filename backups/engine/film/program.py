"""ffmpeg on one opened file: no name reaches it, nothing of it stays, and it has little of all.

The film is no check of the data: ffmpeg passes over what is cut or damaged without a word.
"""

import os
import selectors
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from math import inf

from backups.engine.film.errors import NoFfmpeg, NoFilm
from backups.engine.pull.processes import plain_environment

PIECE = 64 * 1024
FIRST_SECONDS = 15.0  # to the first byte
MOST_SECONDS = 900.0  # a chunk lasts 300, and a viewer may stop
POSTER_SECONDS = 15.0
LARGEST_POSTER = 512 * 1024
POSTER_WIDTH = 480
_LIMITS = (
    "--cpu=120", "--as=1073741824", "--fsize=0", "--nofile=32", "--core=0",
)  # fmt: skip
_FFMPEG = (
    "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "fatal", "-protocol_whitelist", "pipe",
    "-threads", "1",
)  # fmt: skip
_QUICKLY = ("-probesize", "64k", "-analyzeduration", "0")
_FRAGMENTS = ("-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-flush_packets", "1")


def has_ffmpeg() -> bool:
    return shutil.which("ffmpeg") is not None


class Film:
    """A chunk as fragmented MP4, under way: to be read piece by piece, and closed. Its first piece
    is there when it is made. Raises NoFfmpeg, NoFilm."""

    def __init__(self, handle: int, *, fps: float, begin: float = 0) -> None:
        skip = ("-ss", f"{begin:.3f}") if begin else ()
        self._process = _started(
            [
                *_FFMPEG, *_QUICKLY, "-f", "h264", "-r", f"{fps:.3f}", "-i", "pipe:0",
                *skip, "-map", "0:v:0", "-c", "copy", "-an", *_FRAGMENTS, "-f", "mp4", "pipe:1",
            ],
            handle,
        )  # fmt: skip
        self._until = time.monotonic() + MOST_SECONDS
        self._first = self._read(FIRST_SECONDS)
        if not self._first:
            self.close()
            raise NoFilm("ffmpeg finds no film in it")

    def __iter__(self) -> "Film":
        return self

    def __next__(self) -> bytes:
        piece, self._first = self._first or self._read(inf), b""
        if not piece:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        """At once, whatever it does; more than once is no harm."""
        _end(self._process)

    def _read(self, seconds: float) -> bytes:
        """b"": its end, or that of its time."""
        out = self._process.stdout
        if out is None or out.closed:
            return b""
        left = min(seconds, self._until - time.monotonic())
        return os.read(out.fileno(), PIECE) if left > 0 and _is_ready(out.fileno(), left) else b""


def poster(handle: int) -> bytes:
    """The first picture as JPEG. Raises NoFfmpeg, NoFilm."""
    process = _started(
        [
            *_FFMPEG, "-f", "h264", "-i", "pipe:0", "-map", "0:v:0", "-frames:v", "1",
            "-vf", f"scale='min({POSTER_WIDTH},iw)':-2", "-f", "image2pipe", "-c:v", "mjpeg",
            "pipe:1",
        ],
        handle,
    )  # fmt: skip
    try:
        picture, _ = process.communicate(timeout=POSTER_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise NoFilm("ffmpeg makes no picture of it in time") from error
    finally:
        _end(process)
    if not picture.startswith(b"\xff\xd8") or len(picture) > LARGEST_POSTER:
        raise NoFilm("ffmpeg finds no picture in it")
    return bytes(picture)


def _started(words: list[str], handle: int) -> "subprocess.Popen[bytes]":
    """With little time and memory, no file and no new rights, and dead when we are."""
    if not has_ffmpeg():
        raise NoFfmpeg("ffmpeg is not installed here: apt-get install ffmpeg")
    wrapped = [
        "setpriv", "--pdeathsig", "KILL", "--no-new-privs", "--",
        "prlimit", *_LIMITS, "--", "nice", "-n", "10", *words,
    ]  # fmt: skip
    os.lseek(handle, 0, os.SEEK_SET)
    try:
        return subprocess.Popen(
            wrapped,
            stdin=handle,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=plain_environment(),
            cwd="/",
        )
    except OSError as error:
        raise NoFfmpeg(f"{error.filename}: {error.strerror}") from error


def _is_ready(handle: int, seconds: float) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(handle, selectors.EVENT_READ)
        return bool(selector.select(seconds))


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()
