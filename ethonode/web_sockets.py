"""A socket on which no thread waits without end: who does not read has hung up."""

import errno
import os
import socket
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

SEND_SECONDS = 30  # for one piece of an answer; of a long file: until something moves again
SEND_BUFFER = 512 << 10  # so the kernel keeps a page for who reads slowly, as far as it allows

FILE_PIECE = 16 << 20

T = TypeVar("T")


class BoundedSocket(socket.socket):
    """“Blocking” is a bounded wait here."""

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - the standard library's own
        self.settimeout(SEND_SECONDS if flag else 0)

    def sendall(self, *args: Any) -> None:
        _hung_up_if_slow(partial(super().sendall, *args))

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Piece by piece: between them a file of ours says whether it is still what it was."""
        end = offset + (os.fstat(file.fileno()).st_size - offset if count is None else count)
        for place in range(offset, end, FILE_PIECE):
            piece = min(FILE_PIECE, end - place)
            sent = _hung_up_if_slow(partial(super().sendfile, file, place, piece))
            if sent < piece:  # or the next answer would be taken for the rest of this one
                raise BrokenPipeError(errno.EPIPE, "the file was cut short")
            if hasattr(file, "check"):
                file.check(sent)
        return end - offset


def bounded(sock: socket.socket) -> BoundedSocket:
    """The same connection, once and for all."""
    if isinstance(sock, BoundedSocket):
        return sock
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    return BoundedSocket(fileno=sock.detach())


def _hung_up_if_slow(send: Callable[[], T]) -> T:
    """gunicorn takes a broken pipe for what it is, and a time-out for an error of its own."""
    try:
        return send()
    except TimeoutError as error:
        raise BrokenPipeError(errno.EPIPE, "the client does not read") from error
