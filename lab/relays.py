"""Doors behind which a real server answers: bytes are handed on as they come, both ways."""

import asyncio
import contextlib
import socket

from lab.doors import Door, Doors
from lab.faults.active import Faults
from lab.world import World

_PIECE = 256 * 1024


class Relays(Doors):
    """All lead to one server of this machine, which sees from the address which device is meant.

    They open and close as a device's own door does.
    """

    def __init__(self, world: World, faults: Faults, *, server_port: int) -> None:
        super().__init__(world, faults)
        self._server_port = server_port

    async def _talk(self, door: Door, client: socket.socket) -> None:
        here = await asyncio.open_connection(sock=client)
        writers = [here[1]]
        try:
            door.before()
            there = await asyncio.open_connection(
                "127.0.0.1", self._server_port, local_addr=(door.address, 0)
            )
            writers.append(there[1])
            await asyncio.gather(_hand_on(here[0], there[1]), _hand_on(there[0], here[1]))
        except OSError:
            pass  # the server is gone: so is the connection
        except asyncio.CancelledError:
            for writer in writers:
                writer.transport.abort()
        finally:
            for writer in writers:
                writer.close()
                with contextlib.suppress(OSError, asyncio.CancelledError):
                    await writer.wait_closed()


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
        writer.write_eof()
    except OSError:  # either side is gone: the other shall know
        writer.transport.abort()
