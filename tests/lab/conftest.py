"""A small lab that stands still, and ways to look at it as a stranger would."""

import json
import socket
import sqlite3
import time
from contextlib import closing
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from lab.server import Lab


@pytest.fixture
def make_lab(tmp_path):
    """Start labs below tmp_path; all are stopped at the end."""
    labs = []

    def make(**options):
        root = options.pop("root", tmp_path / "lab")
        lab = Lab(root, **({"chunks": 20, "restless": False} | options))
        lab.start()
        labs.append(lab)
        return lab

    yield make
    for lab in labs:
        lab.stop()


@pytest.fixture
def lab(make_lab):
    return make_lab()


@pytest.fixture
def get():
    def ask(url):
        with urlopen(url, timeout=10) as response:  # noqa: S310  a lab of our own
            return json.load(response)

    return ask


@pytest.fixture
def ask_device(lab, get):
    def ask(device, path):
        path = path.format(id=device.device_id)
        return get(f"http://{device.address}:{lab.device_port}{path}")

    return ask


@pytest.fixture
def connect():
    """A bare socket on which a request was sent."""
    opened = []

    def send(url, *, timeout=10):
        parts = urlsplit(url)
        client = socket.create_connection((parts.hostname, parts.port), timeout=timeout)
        opened.append(client)
        client.sendall(f"GET {parts.path or '/'} HTTP/1.0\r\nHost: lab\r\n\r\n".encode())
        return client

    yield send
    for client in opened:
        client.close()


@pytest.fixture
def by_kind(lab):
    return {device.kind.value: device for device in lab.devices}


@pytest.fixture
def query():
    def ask(path, sql):
        with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as connection:
            return connection.execute(sql).fetchall()

    return ask


def wait_until(condition):
    """The lab's thread needs a moment; the test's own time limit ends what never comes."""
    while not condition():
        time.sleep(0.01)


def everything(client):
    """All bytes until the other side closes."""
    received = b""
    while block := client.recv(1 << 20):
        received += block
    return received
