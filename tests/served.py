"""The installation under test behind a port of its own, for a browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.client import Client
from django.test.testcases import LiveServerThread, QuietWSGIRequestHandler


class Handler(QuietWSGIRequestHandler):
    timeout = 20  # of a connection that a client keeps and forgets: the end below waits for it


class Site(ThreadedWSGIServer):
    def _close_connections(self) -> None:
        """The one connection is the test's."""


class Server(LiveServerThread):
    """Its requests work with this connection, which it leaves open at its own end."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        super().__init__("127.0.0.1", StaticFilesHandler)
        self.shared = {connection.alias: connection}

    def _create_server(self, connections_override: Any = None) -> ThreadedWSGIServer:
        return Site(
            (self.host, self.port),
            Handler,
            allow_reuse_address=False,
            connections_override=self.shared,
        )


@contextmanager
def served() -> Iterator[str]:
    """The installation behind a port. Its requests see the test's own transaction."""
    connection = connections["default"]
    with thread_shared(connection):
        server = Server(connection)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        if server.error:
            raise server.error
        server.httpd.daemon_threads = False  # its end waits for every request
        try:
            yield f"http://127.0.0.1:{server.port}"
        finally:  # a test that fails leaves none to the next
            server.terminate()


@contextmanager
def thread_shared(connection: BaseDatabaseWrapper) -> Iterator[None]:
    connection.inc_thread_sharing()
    try:
        yield
    finally:
        connection.dec_thread_sharing()


def session_of_boss() -> str:
    """A superuser's login. To be made before a browser starts: beside its event loop Django would
    open a second connection, which does not see the test's transaction."""
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    return client.cookies["sessionid"].value
