"""The listening sockets of a lab, all served by one loop: 200 devices need no 200 threads."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

from lab.answers import Answer, Role, Service, error_page
from lab.faults.active import Faults
from lab.stamps import http_date
from lab.world import Request, World

_MOST_HEAD_BYTES = 16 * 1024
_PATIENCE = 30.0  # seconds for a client to say what it wants
_TRIES = 30
_SERVERS = {
    Role.NODE: "PasteWSGIServer/0.5 Python/3.11.7",
    Role.MYSQL: "WSGIServer/0.2 CPython/3.11.7",
    Role.RSYNC: "BaseHTTP/0.6 Python/3.11.7",
    Role.DEVICE: "WSGIServer/0.2 CPython/3.11.7",
}


class AddressTaken(Exception):
    """Another program listens where the lab was told to."""


@dataclass(slots=True)
class Door:
    """One address that may be listened on. Closed, it refuses connections."""

    service: Service
    address: str
    port: int = 0
    wanted: Callable[[], bool] = lambda: True  # whether whoever serves it is there at all
    before: Callable[[], None] = lambda: None  # what is made ready as somebody comes
    listening: socket.socket | None = None
    talks: set[asyncio.Task[None]] = field(default_factory=set)


class Doors:
    """Opens and closes doors so that they agree with the world and its faults."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults
        self._doors: list[Door] = []

    async def add(self, doors: list[Door], *, port: int) -> int:
        """Listen with all of them on one port; 0 picks one that is free for all."""
        sockets = next(_attempts([door.address for door in doors], port))
        chosen: int = sockets[0].getsockname()[1]
        for door, listening in zip(doors, sockets, strict=True):
            door.port = chosen
            self._open(door, listening)
        self._doors += doors
        return chosen

    async def reconcile(self) -> None:
        """Open the doors that should be open, close the others with their conversations."""
        for door in self._doors:
            if self._should_be_open(door) and door.listening is None:
                self._open(door, _listening(door.address, door.port))
            elif door.listening and not self._should_be_open(door):
                await self._close(door)

    async def close(self) -> None:
        for door in self._doors:
            await self._close(door)

    def _should_be_open(self, door: Door) -> bool:
        role, device_id = door.service.role, door.service.device_id
        return door.wanted() and not self._faults.refuses(role, device_id=device_id)

    def _open(self, door: Door, listening: socket.socket) -> None:
        door.listening = listening
        asyncio.get_running_loop().add_reader(listening, self._accept, door, listening)

    async def _close(self, door: Door) -> None:
        if door.listening:
            asyncio.get_running_loop().remove_reader(door.listening)
            door.listening.close()
            door.listening = None
        for task in list(door.talks):
            task.cancel()
        await asyncio.gather(*door.talks, return_exceptions=True)

    def _accept(self, door: Door, listening: socket.socket) -> None:
        """Not by asyncio's own server: that loses a connection which comes as it closes."""
        try:
            client, _ = listening.accept()
        except OSError:
            return  # it went away again
        client.settimeout(0)
        task = asyncio.get_running_loop().create_task(self._talk(door, client))
        door.talks.add(task)
        task.add_done_callback(door.talks.discard)
        task.add_done_callback(lambda _: client.close())

    async def _talk(self, door: Door, client: socket.socket) -> None:
        """One request and its answer; a client that goes away is nobody's error."""
        reader, writer = await asyncio.open_connection(sock=client, limit=_MOST_HEAD_BYTES)
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _PATIENCE)
            await self._answer(door, head, reader, writer)
        except (OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError):
            pass
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _answer(
        self,
        door: Door,
        request: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        method, path, *_ = request.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        service = door.service
        self._world.requests.append(Request(service.role, service.device_id, path))
        answer = self._answered(service, method, path)
        head, body = rendered(answer, service.role, now=self._world.now())
        fault = self._faults.wire_fault(service.role, device_id=service.device_id, path=path)
        if fault:
            await _until_gone(fault(writer, head, body), reader)
        else:
            writer.write(head + body)
            await writer.drain()

    def _answered(self, service: Service, method: str, path: str) -> Answer:
        if method != "GET":
            return error_page(405, "Method Not Allowed", path)
        answer = service.answer(path)
        return self._faults.changed(answer, service.role, device_id=service.device_id, path=path)


def rendered(answer: Answer, role: Role, *, now: float) -> tuple[bytes, bytes]:
    """Head and body as that server of the real software writes them."""
    body = answer.text(indent=2 if role is Role.MYSQL else None).encode()
    kind = "text/html; charset=UTF-8" if answer.html else "application/json"
    lines = [
        f"HTTP/1.0 {answer.status} {HTTPStatus(answer.status).phrase}",
        f"Date: {http_date(now)}",
        f"Server: {_SERVERS[role]}",
        f"Content-Type: {kind}",
    ]
    if role in {Role.NODE, Role.MYSQL}:
        lines.append("Access-Control-Allow-Origin: *")
    if role is not Role.RSYNC or answer.html:  # the rsync daemon does not say how much it sends
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode(), body


async def _until_gone(sending: Awaitable[None], reader: asyncio.StreamReader) -> None:
    """Send until it is all sent or the client hangs up."""
    work = asyncio.ensure_future(sending)
    gone = asyncio.ensure_future(reader.read())
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (work, gone):
            task.cancel()
        await asyncio.gather(work, gone, return_exceptions=True)


def _attempts(addresses: list[str], port: int) -> Iterator[list[socket.socket]]:
    """All addresses listening on one port, as often as another try may help."""
    for left in range(_TRIES, 0, -1):
        try:
            yield _all_listening(addresses, port)
        except AddressTaken:
            if port or left == 1:
                raise


def _all_listening(addresses: list[str], port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for address in addresses:
            sockets.append(_listening(address, port))
            port = port or sockets[0].getsockname()[1]
    except AddressTaken:
        for listening in sockets:
            listening.close()
        raise
    return sockets


def _listening(address: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address, port))
        listening.listen(100)
    except OSError as error:
        listening.close()
        if error.errno in {errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL}:
            raise AddressTaken(f"{address}:{port}: {error.strerror}") from error
        raise
    listening.settimeout(0)
    return listening
