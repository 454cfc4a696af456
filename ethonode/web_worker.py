"""gunicorn's worker with threads, where a thread is given only to a request that is here whole.

As it comes, a thread reads the request: ten clients that send a byte now and then hold all threads
for as long as they like. Here the one loop that waits for all connections gathers what they send,
under one deadline, and what asks how we are has threads of its own.
"""

import re
import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from ethonode.web_requests import CONTINUE, Refused, is_whole, refusal, waits_for_leave
from ethonode.web_sockets import bounded

READ_SECONDS = 10  # from the first byte of a request to its last
LEAVE_SECONDS = 2  # for the client to take the rest of its answer, and to hang up
MOST_HELD = 64 << 20  # of all requests that are not here whole yet
ROOM = 16  # connections that can always be taken
HEALTH = re.compile(rb"(GET|HEAD) /(healthz|readyz|metrics)[ ?]")
HEALTH_THREADS = 2
# A download takes hours where the line is slow, and a page is not to wait for a thread of its.
DOWNLOAD = re.compile(rb"(GET|HEAD) /api/v1/files/([^/ ?]+/content|zip)/[ ?]")
MOST_DOWNLOADS = 64


@dataclass(slots=True, kw_only=True)
class Gathered:
    """What a connection sent of its next request."""

    connection: TConn
    data: bytearray
    until: float
    told_to_go_on: bool = field(default=False)


class WholeRequests(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Behind it all is as in gunicorn; TLS is for a web server in front."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.gathering: dict[TConn, Gathered] = {}  # the oldest first
        self.leaving: dict[TConn, float] = {}  # answered; until when they may hang up themselves
        self.held_bytes = 0
        self.health_pool = ThreadPoolExecutor(HEALTH_THREADS, "health")
        self.download_pool = ThreadPoolExecutor(MOST_DOWNLOADS, "download")
        self.downloads: set[Future[Any]] = set()

    def enqueue_req(self, conn: TConn) -> None:
        """A new connection, one that sends again, or one that sent more than one request."""
        conn.sock = bounded(conn.sock)
        conn.sock.settimeout(0)
        gathered = Gathered(
            connection=conn, data=bytearray(), until=time.monotonic() + READ_SECONDS
        )
        self.gathering[conn] = gathered
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._read, gathered))
        if conn.parser is not None:
            self._add(gathered, conn.parser.unreader.take_buffered())
        self._make_room()

    def murder_pending(self) -> None:
        """Called in every turn of the loop, so once a second at least."""
        now = time.monotonic()
        for gathered in list(self.gathering.values()):
            if gathered.until > now:
                break
            self._refuse(gathered, HTTPStatus.REQUEST_TIMEOUT if gathered.data else None)
        for conn in [one for one, until in self.leaving.items() if until <= now]:
            self._close(conn)

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """As gunicorn's; but it waits for the client to hang up, and all others with it."""
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
            return
        try:
            conn.sock.settimeout(0)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError):  # it is closed already
            self.nr_conns -= 1
            conn.close()
        else:
            self.leaving[conn] = time.monotonic() + LEAVE_SECONDS

    def _drain(self, conn: TConn, sock: socket.socket) -> None:
        try:
            if sock.recv(65536):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._close(conn)

    def _close(self, conn: TConn) -> None:
        del self.leaving[conn]
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def _cap_keepalive(self, deadline: float) -> None:
        """Called when it is to end: who has sent nothing is not waited for."""
        super()._cap_keepalive(deadline)
        for gathered in [one for one in self.gathering.values() if not one.data]:
            self._refuse(gathered, None)
        self.leaving = dict.fromkeys(self.leaving, time.monotonic())

    def _make_room(self) -> None:
        """Who sends least quickly goes first: so there is always a place for the next."""
        while self.gathering and (
            self.held_bytes > MOST_HELD or self.nr_conns > self.worker_connections - ROOM
        ):
            self._refuse(next(iter(self.gathering.values())), None)

    def _read(self, gathered: Gathered, sock: socket.socket) -> None:
        try:
            piece = sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if piece:
            self._add(gathered, piece)
            self._make_room()
        else:
            self._refuse(gathered, None)

    def _add(self, gathered: Gathered, piece: bytes) -> None:
        gathered.data += piece
        self.held_bytes += len(piece)
        try:
            if is_whole(gathered.data):
                self._hand_over(gathered)
            elif waits_for_leave(gathered.data) and not gathered.told_to_go_on:
                gathered.told_to_go_on = True
                _send_what_fits(gathered.connection.sock, CONTINUE)
        except Refused as refused:
            self._refuse(gathered, refused.status)

    def _hand_over(self, gathered: Gathered) -> None:
        is_download = DOWNLOAD.match(gathered.data) is not None
        self.downloads = {one for one in self.downloads if not one.done()}
        if is_download and len(self.downloads) >= MOST_DOWNLOADS:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE)
        self._forget(gathered)
        conn = gathered.connection
        conn.init()
        conn.parser.unreader.unread(bytes(gathered.data))
        answered = self._pool_for(gathered).submit(self.handle, conn)
        if is_download:
            self.downloads.add(answered)
        answered.add_done_callback(self._when_answered(conn))

    def _pool_for(self, gathered: Gathered) -> Any:
        if DOWNLOAD.match(gathered.data):
            return self.download_pool
        return self.health_pool if HEALTH.match(gathered.data) else self.tpool

    def _when_answered(self, conn: TConn) -> Callable[[Any], None]:
        return lambda answered: self.method_queue.defer(self.finish_request, conn, answered)

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        super().on_client_socket_readable(conn, client)
        if gathered := self.gathering.get(conn):
            self._read(gathered, client)  # it is here: not another turn of the loop for it

    def _refuse(self, gathered: Gathered, status: HTTPStatus | None) -> None:
        """Hang up, with a word if there was a request."""
        self._forget(gathered)
        if status is not None:
            _send_what_fits(gathered.connection.sock, refusal(status))
        self.nr_conns -= 1
        gathered.connection.close()

    def _forget(self, gathered: Gathered) -> None:
        del self.gathering[gathered.connection]
        self.held_bytes -= len(gathered.data)
        self.poller.unregister(gathered.connection.sock)


def _send_what_fits(sock: socket.socket, text: bytes) -> None:
    with suppress(OSError):
        sock.send(text)
