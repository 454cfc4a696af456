"""The web server among clients that are slow, silent or wrong: real sockets, a tiny application."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress

import pytest

from tests.servers import free_port

CONFIG = """
import ethonode.web_worker as worker
worker.READ_SECONDS = 1
worker.MOST_DOWNLOADS = 2
bind = "127.0.0.1:{port}"
worker_class = "ethonode.web_worker.WholeRequests"
threads = 2
control_socket_disable = True
graceful_timeout = 2
"""
APP = """
import os

FILE = os.path.join(os.path.dirname(__file__), "large")

def application(environ, start):
    body = environ["wsgi.input"].read()
    if environ["PATH_INFO"] == "/long":
        body = b"x" * 4_000_000
    if environ["PATH_INFO"].endswith("/content/"):
        length = os.path.getsize(FILE)
        start("200 OK", [("Content-Length", str(length))])
        return environ["wsgi.file_wrapper"](open(FILE, "rb"))
    start("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""
LARGE = 200 << 20  # more than any buffer on the way takes
DOWNLOAD = b"GET /api/v1/files/x/content/ HTTP/1.1\r\nHost: x\r\n\r\n"
HELLO = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@contextmanager
def started(folder):
    port = free_port()
    (folder / "tiny_app.py").write_text(APP)
    with (folder / "large").open("wb") as large:
        large.truncate(LARGE)
    (folder / "conf.py").write_text(CONFIG.format(port=port))
    command = [sys.executable, "-m", "gunicorn", "-c", str(folder / "conf.py")]
    command += ["--pythonpath", str(folder), "tiny_app:application"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield process, port
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with started(tmp_path_factory.mktemp("web")) as (_, port):
        yield port


@pytest.fixture
def connect(server):
    """A connection that sent something."""
    opened = []

    def connect(sent=b"", *, receives=0):
        sock = socket.socket()
        opened.append(sock)
        if receives:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        sock.settimeout(10)
        sock.connect(("127.0.0.1", server))
        sock.sendall(sent)
        return sock

    yield connect
    for sock in opened:
        sock.close()


def read_all(sock):
    """To its end."""
    pieces = []
    with suppress(ConnectionError):
        while piece := sock.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


def is_quick(connect, request=HELLO, *, within=0.9):
    """Within less than any limit that others are held to."""
    began = time.monotonic()
    sock = connect(request)
    answered = sock.recv(4096).startswith(b"HTTP/1.1 200")
    return answered and time.monotonic() - began < within


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        HELLO[:-2],
        HEALTH + HELLO[:-2],
        HELLO + HEALTH[:-2],
    ],
    ids=["silent", "half a head", "half a body", "one and a half", "one and half a head"],
)
def test_who_is_slow_keeps_nobody_waiting(connect, sent):
    held = [connect(sent) for _ in range(100)]
    assert is_quick(connect)
    assert is_quick(connect, HEALTH)
    assert len(held) == 100


def test_who_does_not_hang_up_keeps_nobody_waiting(connect):
    asked = HELLO.replace(b"Host: x", b"Host: x\r\nConnection: close")
    held = [connect(asked) for _ in range(30)]
    assert all(sock.recv(4096) for sock in held)
    assert is_quick(connect)


def test_health_is_told_while_all_threads_wait_for_readers(connect):
    long = b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n"
    held = [connect(long, receives=4096) for _ in range(2)]  # as many as there are threads
    assert all(sock.recv(1) for sock in held)
    assert is_quick(connect, HEALTH)


def test_a_request_has_a_time_in_which_it_must_come(connect):
    half = connect(HELLO[:-2])
    assert read_all(half).startswith(b"HTTP/1.1 408 ")
    assert read_all(connect()) == b""  # to silence there is no answer


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_it_may_come_in_any_pieces(connect, size):
    sock = connect()
    sent = HELLO * 3
    for start in range(0, len(sent), size):
        sock.sendall(sent[start : start + size])
    got = b""
    while got.count(b"hello") < 3:
        got += sock.recv(4096)
    assert got.count(b"HTTP/1.1 200") == 3


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nHost: x\r\ncontent-length: 999999999\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 70_000, 431),
        (b"nothing like it\r\n\r\n", 400),
    ],
)
def test_what_is_not_read_is_refused_at_once(connect, head, status):
    answer = read_all(connect(head))
    assert int(answer.split()[1]) == status
    if status != 400:
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == status


def test_who_asks_may_send_its_body(connect):
    head, _, body = HELLO.replace(b"Host: x", b"Host: x\r\nExpect: 100-continue").partition(
        b"hello"
    )
    sock = connect(head)
    assert sock.recv(4096).startswith(b"HTTP/1.1 100 ")
    sock.sendall(b"hello" + body)
    answers = iter(lambda: sock.recv(4096), b"")  # gunicorn says once more that it may
    assert any(b"HTTP/1.1 200" in answer for answer in answers)


def test_it_stops_at_once_whoever_holds_a_connection(tmp_path):
    with started(tmp_path) as (process, port), ExitStack() as held:
        idle, silent = (
            held.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(2)
        )
        idle.sendall(HEALTH)
        assert idle.recv(4096)
        process.terminate()
        assert process.wait(10) == 0
        assert silent.recv(1) == b""


def read_to_end(sock):
    size = 0
    while piece := sock.recv(1 << 20):
        size += len(piece)
    return size


def test_downloads_keep_no_page_waiting_and_one_too_many_is_told(connect):
    """Two threads for pages, and both places for downloads are taken by who does not read."""
    slow = [connect(DOWNLOAD, receives=4096) for _ in range(2)]
    for sock in slow:
        assert sock.recv(12) == b"HTTP/1.1 200"
    for _ in range(4):
        assert connect(HELLO).recv(12) == b"HTTP/1.1 200"
    assert connect(DOWNLOAD).recv(12) == b"HTTP/1.1 503"
    for sock in slow:
        sock.close()


def test_a_download_takes_as_long_as_it_takes_and_a_cut_file_ends_short(tmp_path):
    with started(tmp_path) as (_, port):
        with socket.create_connection(("127.0.0.1", port), 10) as sock:
            sock.sendall(DOWNLOAD.replace(b"Host: x", b"Host: x\r\nConnection: close"))
            begin, until = sock.recv(65536), time.monotonic() + 2  # twice what a request may take
            while time.monotonic() < until:
                begin += sock.recv(4096)
                time.sleep(0.02)
            assert len(begin) + read_to_end(sock) > LARGE
        with socket.create_connection(("127.0.0.1", port), 10) as sock:
            sock.sendall(DOWNLOAD)
            begin = sock.recv(65536)
            os.truncate(tmp_path / "large", 64 << 20)
            assert len(begin) + read_to_end(sock) < 80 << 20
