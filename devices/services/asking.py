"""Ask the node, or devices one by one. No database here: this runs in threads."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
from django.conf import settings

from devices.client import (
    DEVICE_BYTES,
    NODE_BYTES,
    AskFailed,
    BadAnswer,
    TooSlow,
    Unreachable,
    get_body,
    get_json,
    readable,
)
from devices.ids import is_device_id
from devices.records import BadEntry, DeviceRecord, is_address, parse_devices, parse_entry

MOST_AT_ONCE = 256  # devices; each of them gets one request at a time
TIMEOUTS_IN_ALL = 3  # after so many nobody is waited for any more, however many hang

T = TypeVar("T")
Answer = TypeVar("Answer")
NodeAnswer = tuple[list[DeviceRecord], list[str]]  # and in words what could not be read


class WrongDevice(AskFailed):
    """Another device answers at this address: addresses move between devices."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to ask, and whom we expect there; "" where anyone may answer."""

    address: str
    device_id: str = ""


class _Id(msgspec.Struct):
    id: str


def ask_node(url: str) -> NodeAnswer:
    """Every device that the node names. Raises AskFailed."""
    where = f"{url}/devices"
    body = get_body(where, timeout=settings.NODE_TIMEOUT, max_bytes=NODE_BYTES)
    try:
        return parse_devices(body)
    except BadAnswer as error:
        raise BadAnswer(readable(f"{where}: {error}")) from error


def ask_nodes(urls: Sequence[str]) -> list[NodeAnswer | AskFailed]:
    """All at once, each by the same deadline; a failure is an answer too."""

    def attempt(url: str) -> NodeAnswer | AskFailed:
        try:
            return ask_node(url)
        except AskFailed as error:
            return error

    with ThreadPoolExecutor(max(1, len(urls))) as pool:
        return list(pool.map(attempt, urls))


def ask_each(
    targets: Iterable[T], ask: Callable[[T, float], Answer]
) -> list[tuple[T, Answer | AskFailed]]:
    """Ask many devices at once; a failure is an answer too.

    `ask` is told until when, on the monotonic clock: all of them end together, so that whoever
    hangs costs only its own answer.
    """
    until = time.monotonic() + TIMEOUTS_IN_ALL * settings.DEVICE_TIMEOUT.total_seconds()

    def attempt(target: T) -> tuple[T, Answer | AskFailed]:
        try:
            return target, ask(target, until)
        except AskFailed as error:
            return target, error

    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        return list(pool.map(attempt, targets))


def ask_device(target: Target, until: float = math.inf) -> DeviceRecord:
    """A device's own word, once it is clear that it is that device. Raises AskFailed."""
    device_id = confirmed_id(target, until)
    data = ask_one(target.address, f"/data/{device_id}", type=dict[str, Any], until=until)
    databases, error = None, ""
    listed = f"/data/databases/{device_id}"
    try:
        databases = ask_one(target.address, listed, type=dict[str, Any], until=until)
    except AskFailed as failure:
        error = str(failure)
    try:
        record = parse_entry(device_id, data, databases=databases)
    except BadEntry as failure:
        raise BadAnswer(readable(f"{target.address}: {failure}")) from failure
    return replace(record, address=target.address, inventory_error=error or record.inventory_error)


def confirmed_id(target: Target, until: float = math.inf) -> str:
    """The id of whoever answers there. Raises WrongDevice if it is not whom we expect."""
    device_id = ask_one(target.address, "/id", type=_Id, until=until).id
    if not is_device_id(device_id):
        raise BadAnswer(f"{target.address}: its id is not one")
    if target.device_id and device_id != target.device_id:
        raise WrongDevice(f"{target.address}: another device answers there: {device_id}")
    return device_id


def ask_one(
    address: str,
    path: str,
    *,
    type: type[T],
    timeout: timedelta | None = None,
    max_bytes: int = DEVICE_BYTES,
    until: float = math.inf,
) -> T:
    """One answer of a device, by then on the monotonic clock. Raises AskFailed."""
    if not is_address(address):  # a person may have typed it
        raise Unreachable(f"{readable(address)!r} is not host or host:port")
    left = until - time.monotonic()
    if left <= 0:
        raise TooSlow(f"{address}: others hung so long that it was not asked for {path}")
    patience = (timeout or settings.DEVICE_TIMEOUT).total_seconds()
    port = "" if ":" in address else f":{settings.DEVICE_PORT}"
    return get_json(
        f"http://{address}{port}{path}",
        type=type,
        timeout=timedelta(seconds=min(patience, left)),
        max_bytes=max_bytes,
        networks=settings.DEVICE_NETWORKS,
    )
