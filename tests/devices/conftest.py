"""Servers on real sockets: whatever bytes a test wants sent, at whatever pace."""

import json
import socket
import socketserver
import threading
from contextlib import suppress
from datetime import timedelta

import pytest

from tests.nodes import a_node
from tests.recorded import REAL

ID_11 = "0113f0c29a5e4d7b8c61e02f94ab7d35"
ID_12 = "012b8e41d07c4f3aa95d6c1830fe2b79"
ID_13 = "0137aa5c60de4b118f02c9e4751b3d86"
ID_15 = "015c64e9f1a04b2d87e3509abd71c8f2"
RUN_12 = f"2026-11-22_11-06-37_{ID_12}.db"


def http(body, *, status="200 OK", headers=()):
    """A whole answer as bytes."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.0 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class Server(socketserver.ThreadingTCPServer):
    """Answers each path with bytes, or by calling what is given with the open socket."""

    daemon_threads = False
    block_on_close = True
    allow_reuse_address = True

    def __init__(self, routes):
        self.routes, self.asked, self.stopping = routes, [], threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self):
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def url(self):
        return f"http://{self.address}"

    def trickle(self, head, piece):
        """Send `head`, then `piece` again and again until the other side or the test ends."""

        def send(sock):
            sock.sendall(head)
            while not self.stopping.wait(0.02):
                sock.sendall(piece)

        return send

    def hang(self, sock):
        self.stopping.wait(30)


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        path = self.rfile.readline().split(b" ")[1].decode()
        while self.rfile.readline().strip():
            pass
        self.server.asked.append(path)
        answer = self.server.routes.get(path, http(b"none", status="404 Not Found"))
        with suppress(OSError):
            answer(self.request) if callable(answer) else self.request.sendall(answer)


@pytest.fixture
def serve():
    """Start a server for these routes; it ends with the test."""
    running = []

    def start(routes=None):
        server = Server(routes if routes is not None else {})
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def dead_address():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{sock.getsockname()[1]}"


@pytest.fixture
def node(serve, settings):
    """A node whose /devices a test sets: node.tells(body)."""
    server = serve()
    server.tells = lambda body: server.routes.update({"/devices": http(body)})
    settings.NODES, settings.DEVICE_ADDRESSES = [a_node(server.url)], []
    settings.NODE_TIMEOUT = timedelta(seconds=5)
    return server


@pytest.fixture
def ethoscope(serve, settings):
    """Start a device that answers for itself with these recordings."""
    settings.DEVICE_TIMEOUT = timedelta(seconds=5)

    def start(device_id=ID_12, *, data="device/run_12_data_running_sqlite", **others):
        routes = {
            "/id": http({"id": device_id}),
            f"/data/{device_id}": http(REAL.body(data)),
            f"/data/databases/{device_id}": http(REAL.body("device/run_12_databases")),
            f"/machine/{device_id}": http(REAL.body("device/run_12_machine")),
        }
        return serve(routes | others)

    return start


def entry(device_id=ID_12, **changes):
    """A running device as the node tells it, with these changes."""
    listed = REAL.told("node/t1_devices_after_success")[ID_12]
    return listed | {"id": device_id} | changes
