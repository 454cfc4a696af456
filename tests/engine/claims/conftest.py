import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from backups.engine import claims


@pytest.fixture
def parse(now):
    """Parse an answer given as Python data, or as the bytes themselves."""

    def parse_it(answer):
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return claims.parse(body, daemon="rsync", now=now)

    return parse_it


@contextmanager
def _serving(body, *, status):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/status"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="session")
def serving():
    """Serve one body at an address, over a real socket, for as long as the block lasts."""
    return _serving
