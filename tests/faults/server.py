"""One small server for a whole world: the node, both daemons and every device, by its address."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.faults import answers
from tests.faults.case import Case


class WorldServer(ThreadingHTTPServer):
    """It listens at every loopback address: that which was asked tells which device is meant."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}
        super().__init__(("", 0), _Handler)

    @property
    def port(self) -> int:
        return self.server_address[1]

    def hold(self, cases: list[Case]) -> None:
        self.cases = {case.device.address: case for case in cases}


class _Handler(BaseHTTPRequestHandler):
    server: WorldServer

    def do_GET(self) -> None:
        code, told = self._answer()
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self) -> tuple[int, Any]:
        cases = self.server.cases
        if self.path == "/devices":
            return 200, {c.device.device_id: answers.entry(c) for c in cases.values()}
        if self.path == "/status":
            return 200, {c.device.device_id: answers.claims(c) for c in cases.values()}
        case = cases.get(self.connection.getsockname()[0])
        return self._of_device(case) if case else (404, {"error": "no such device"})

    def _of_device(self, case: Case) -> tuple[int, Any]:
        if self.path == "/id":
            return 200, {"id": case.switches.other_id or case.device.device_id}
        if self.path == "/list_video_files":
            return answers.listing(case)
        if self.path.startswith("/data/databases/"):
            return 200, answers.inventory(case)
        if self.path.startswith("/data/"):
            return 200, answers.data(case)
        return 404, {"error": "Not found"}

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def world_server() -> Iterator[WorldServer]:
    with WorldServer() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
