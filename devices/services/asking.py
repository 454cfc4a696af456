"""Ask the node, or devices one by one. No database here: this runs in threads."""

from collections.abc import Callable, Iterable
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
    Unreachable,
    get_body,
    get_json,
    readable,
)
from devices.ids import is_device_id
from devices.records import BadEntry, DeviceRecord, is_address, parse_devices, parse_entry

MOST_AT_ONCE = 8  # devices; each of them gets one request at a time

T = TypeVar("T")
Answer = TypeVar("Answer")


class WrongDevice(AskFailed):
    """Another device answers at this address: addresses move between devices."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to ask, and whom we expect there; "" where anyone may answer."""

    address: str
    device_id: str = ""


class _Id(msgspec.Struct):
    id: str


def ask_node(url: str) -> tuple[list[DeviceRecord], list[str]]:
    """Every device that the node names. Raises AskFailed."""
    where = f"{url}/devices"
    body = get_body(where, timeout=settings.NODE_TIMEOUT, max_bytes=NODE_BYTES)
    try:
        return parse_devices(body)
    except BadAnswer as error:
        raise BadAnswer(readable(f"{where}: {error}")) from error


def ask_each(
    targets: Iterable[T], ask: Callable[[T], Answer]
) -> list[tuple[T, Answer | AskFailed]]:
    """Ask several devices at once; a failure is an answer too."""

    def attempt(target: T) -> tuple[T, Answer | AskFailed]:
        try:
            return target, ask(target)
        except AskFailed as error:
            return target, error

    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        return list(pool.map(attempt, targets))


def ask_device(target: Target) -> DeviceRecord:
    """A device's own word, once it is clear that it is that device. Raises AskFailed."""
    device_id = confirmed_id(target)
    data = ask_one(target.address, f"/data/{device_id}", type=dict[str, Any])
    databases, error = None, ""
    try:
        databases = ask_one(target.address, f"/data/databases/{device_id}", type=dict[str, Any])
    except AskFailed as failure:
        error = str(failure)
    try:
        record = parse_entry(device_id, data, databases=databases)
    except BadEntry as failure:
        raise BadAnswer(readable(f"{target.address}: {failure}")) from failure
    return replace(record, address=target.address, inventory_error=error or record.inventory_error)


def confirmed_id(target: Target) -> str:
    """The id of whoever answers there. Raises WrongDevice if it is not whom we expect."""
    device_id = ask_one(target.address, "/id", type=_Id).id
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
) -> T:
    """One answer of a device. Raises AskFailed."""
    if not is_address(address):  # a person may have typed it
        raise Unreachable(f"{readable(address)!r} is not host or host:port")
    port = "" if ":" in address else f":{settings.DEVICE_PORT}"
    return get_json(
        f"http://{address}{port}{path}",
        type=type,
        timeout=timeout or settings.DEVICE_TIMEOUT,
        max_bytes=max_bytes,
        networks=settings.DEVICE_NETWORKS,
    )
