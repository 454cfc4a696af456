"""Faults of the connection: what a client meets on the socket, whatever was asked."""

import asyncio
from collections.abc import Awaitable, Callable

WireFault = Callable[[asyncio.StreamWriter, bytes, bytes], Awaitable[None]]
OVERSIZED_BYTES = 200 * 1024 * 1024
_BLOCK = b"x" * 65_536


async def hang(writer: asyncio.StreamWriter, head: bytes, body: bytes) -> None:
    """Never answer; the connection stays open until the other side or the lab ends it."""
    await writer.wait_closed()


async def trickle(writer: asyncio.StreamWriter, head: bytes, body: bytes) -> None:
    """One byte a second, from the first of the status line on."""
    for byte in head + body:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


async def cut(writer: asyncio.StreamWriter, head: bytes, body: bytes) -> None:
    """Promise the whole body and close in the middle of it."""
    writer.write(head + body[: len(body) // 2])
    await writer.drain()


async def oversize(writer: asyncio.StreamWriter, head: bytes, body: bytes) -> None:
    """A JSON text of 200 MB, made while it is sent."""
    opening, closing = b'{"filler": "', b'"}'
    status = head.split(b"\r\n", 1)[0]
    writer.write(
        status
        + b"\r\nContent-Type: application/json"
        + f"\r\nContent-Length: {OVERSIZED_BYTES}\r\n\r\n".encode()
        + opening
    )
    left = OVERSIZED_BYTES - len(opening) - len(closing)
    while left > 0:
        writer.write(_BLOCK[:left])
        left -= len(_BLOCK[:left])
        await writer.drain()
    writer.write(closing)
    await writer.drain()
