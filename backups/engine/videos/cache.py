"""The cache file of one device: a signed pickle in a folder that any device may write to.

It is read only when this installation signed it for this device, and then by an unpickler that
knows no classes. Everything else is as good as absent: it costs a scan and a reason in words.
"""

import errno
import hashlib
import hmac
import io
import os
import pickle  # never pickle.load: see _NoClasses
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Never

import msgspec

from backups.engine.videos.facts import VideosUnreadable
from backups.engine.videos.folder import Folder, VideoCache, is_whole
from devices.ids import is_device_id

VERSION = f"2 {sys.byteorder}"
MOST_BYTES = 128 * 2**20  # some four million chunks
LEFT_OVER_AFTER = 3600.0
_MARK = b"ethonode video cache"
_SIGNATURE_BYTES = hashlib.sha256().digest_size
_BAD_CONTENT = (
    pickle.UnpicklingError, msgspec.MsgspecError, ValueError, TypeError, EOFError, LookupError,
    AttributeError, OverflowError, MemoryError,
)  # fmt: skip
REWRITTEN = (
    "was rewritten without our signature, as an old node beside us does: "
    "ours moves aside by itself, unless ETHONODE_CACHE_DIR names this folder"
)


class BadDeviceId(VideosUnreadable, ValueError):
    """A text that cannot be a machine id, and must not become a path."""


class CacheUnusable(Exception):
    """The cache cannot be read; the text says why."""


class CacheUnwritable(Exception):
    """The cache could not be saved; the text says why. The file is as it was."""


class _Content(msgspec.Struct, frozen=True):
    version: str
    timestamp: float
    disk: int
    files: dict[bytes, Folder]


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheFile:
    """Where one device's cache is, and the secret that signs it."""

    directory: Path
    device_id: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_device_id(self.device_id)

    @property
    def name(self) -> str:
        return f"video_cache_{self.device_id}.pkl"

    @property
    def path(self) -> Path:
        return self.directory / self.name

    def load(self) -> VideoCache:
        """Read what was saved. What cannot be used is an empty cache that says why."""
        try:
            content = self._content()
        except FileNotFoundError:
            return VideoCache()
        except CacheUnusable as problem:
            return VideoCache(problem=f"{self.path}: {problem}")
        except OSError as error:
            return VideoCache(problem=f"{self.path}: {error.strerror}")
        return VideoCache(folders=content.files, timestamp=content.timestamp, disk=content.disk)

    def raw(self) -> dict[str, Any]:
        """Give what `load` would as the plain dict that is stored; an absent one is empty."""
        cache = self.load()
        return {"files": cache.folders, "timestamp": cache.timestamp or 0}

    def save(self, cache: VideoCache) -> None:
        """Replace the file as a whole, or leave it as it was and raise CacheUnwritable."""
        content = {
            "version": VERSION,
            "timestamp": cache.timestamp,
            "disk": cache.disk,
            "files": {path: _plain(folder) for path, folder in cache.folders.items()},
        }
        data = pickle.dumps(content, protocol=5)
        if len(data) + len(_MARK) + _SIGNATURE_BYTES > MOST_BYTES:
            raise CacheUnwritable(f"{self.path}: would be larger than {MOST_BYTES} bytes")
        try:
            with suppress(FileExistsError):
                self.directory.mkdir()  # never its parents: that might be an unmounted disk
            with self._open_directory() as directory:
                self._replace(directory, data)
                self._sweep(directory)
        except CacheUnusable as problem:
            raise CacheUnwritable(f"{self.path}: {problem}") from problem
        except OSError as error:
            raise CacheUnwritable(f"{self.path}: {error.strerror}") from error

    def _content(self) -> _Content:
        data = self._read()
        whole = memoryview(data)  # slices of it copy nothing: a cache is megabytes
        body, signature = whole[:-_SIGNATURE_BYTES], whole[-_SIGNATURE_BYTES:]
        if body[-len(_MARK) :] != _MARK:
            raise CacheUnusable(_unsigned(data))
        if not hmac.compare_digest(signature, self._signature(body[: -len(_MARK)])):
            raise CacheUnusable("is not what this installation wrote for this device")
        try:
            plain = _NoClasses(io.BytesIO(data)).load()  # ends where the signed part does
            _check_version(plain)
            content = msgspec.convert(plain, _Content, builtin_types=(bytes,))
        except _BAD_CONTENT as error:
            raise CacheUnusable(f"cannot be read: {error}") from error
        _check(content)
        return content

    def _read(self) -> bytes:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with self._open_directory() as directory:
            try:
                handle = os.open(self.name, flags, dir_fd=directory)
            except OSError as error:
                if error.errno == errno.ELOOP:
                    raise CacheUnusable("is a link") from error
                raise
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise CacheUnusable("is no file")
            if status.st_size > MOST_BYTES:
                raise CacheUnusable(f"is larger than {MOST_BYTES} bytes")
            return os.read(handle, status.st_size)
        finally:
            os.close(handle)

    @contextmanager
    def _open_directory(self) -> Iterator[int]:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            handle = os.open(self.directory, flags)
        except NotADirectoryError as error:
            raise CacheUnusable("its folder is a link or no folder") from error
        try:
            yield handle
        finally:
            os.close(handle)

    def _signature(self, pickled: memoryview | bytes) -> bytes:
        key = hmac.digest(self.secret, _MARK, "sha256")  # of no use for anything else
        signer = hmac.new(key, f"{self.device_id}/".encode(), "sha256")
        signer.update(pickled)
        return signer.digest()

    def _replace(self, directory: int, data: bytes) -> None:
        temporary = f".{self.name}.{secrets.token_hex(8)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(temporary, flags, 0o600, dir_fd=directory)
        try:
            with os.fdopen(handle, "wb") as file:
                file.writelines((data, _MARK, self._signature(data)))
                file.flush()
                os.fsync(handle)
            os.replace(temporary, self.name, src_dir_fd=directory, dst_dir_fd=directory)
        except OSError:
            os.unlink(temporary, dir_fd=directory)
            raise
        os.fsync(directory)

    def _sweep(self, directory: int) -> None:
        """Remove what writers that were killed left behind, by the disk's own clock."""
        before = os.lstat(self.name, dir_fd=directory).st_mtime - LEFT_OVER_AFTER
        for name in os.listdir(directory):
            if name.startswith(f".{self.name}."):
                with suppress(FileNotFoundError):
                    if os.lstat(name, dir_fd=directory).st_mtime < before:
                        os.unlink(name, dir_fd=directory)


def check_device_id(device_id: str) -> str:
    if not is_device_id(device_id):
        raise BadDeviceId(f"{device_id!r} is no machine id")
    return device_id


class _NoClasses(pickle.Unpickler):
    """Reads plain values; naming a class or a function is an error, and loads nothing."""

    def find_class(self, module: str, name: str) -> Never:
        raise pickle.UnpicklingError(f"it names {module}.{name}")


def _plain(folder: Folder) -> tuple[Any, ...]:
    """Turn named tuples into bare ones: a named one is stored as a class."""
    return (*folder[:-3], *map(tuple, folder[-3:]))


def _unsigned(data: bytes) -> str:
    if data[:1] == b"\x80" and b"files" in data[:64]:
        return REWRITTEN
    return "is cut short, or was not written by this installation"


def _check_version(plain: object) -> None:
    """Before all else: what an older version wrote is no damage."""
    version = plain.get("version") if isinstance(plain, dict) else None
    if version != VERSION:
        raise CacheUnusable(f"is of another version ({version!r:.40})")


def _check(content: _Content) -> None:
    for path, folder in content.files.items():
        if not (is_whole(folder.chunks) and is_whole(folder.others)):
            raise CacheUnusable(f"does not agree with itself at {path!r}")
