"""Devices asked beside each other: one that hangs costs its own answer, and nobody else's."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event

import pytest

from devices.client import TooSlow
from devices.services.asking import TIMEOUTS_IN_ALL, Target, ask_device, ask_each, confirmed_id

TIMEOUT = timedelta(seconds=2.5)  # four tests share two cores
HANGING = 50


class Fleet(ThreadingHTTPServer):
    """Devices of one port, each at its own loopback address; those of 127.0.9.0/24 never answer."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, answer):
        self.over = Event()
        self.answer = answer
        super().__init__(("0.0.0.0", 0), Handler)  # noqa: S104 - a test's

    def target(self, network, number):
        return Target(f"127.0.{network}.{number}:{self.server_port}")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.connection.getsockname()[0].startswith("127.0.9."):
            self.server.over.wait(20)
            return
        body = self.server.answer(self)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def fleet(settings):
    settings.DEVICE_TIMEOUT = TIMEOUT
    settings.DEVICE_NETWORKS = ["127.0.0.0/8"]
    server = Fleet(lambda _: b'{"id": "0123456789abcdef0123456789abcdef"}')
    with ThreadPoolExecutor(1) as pool:
        pool.submit(server.serve_forever, 0.05)
        yield server
        server.over.set()
        server.shutdown()
    server.server_close()


def test_fifty_that_hang_cost_one_timeout_and_hold_up_nobody(fleet):
    hanging = [fleet.target(9, n + 1) for n in range(HANGING)]
    answering = [fleet.target(8, n + 1) for n in range(10)]
    started = time.monotonic()
    answers = dict(ask_each([*hanging, *answering], confirmed_id))
    took = time.monotonic() - started
    assert all(isinstance(answers[one], TooSlow) for one in hanging)
    assert all(isinstance(answers[one], str) for one in answering)
    assert took < TIMEOUTS_IN_ALL * TIMEOUT.total_seconds()


def test_a_round_ends_for_all_at_one_time_however_many_questions_are_left(fleet):
    def slowly(handler):
        time.sleep(0.6 * TIMEOUT.total_seconds())
        return b'{"id": "0123456789abcdef0123456789abcdef"}'

    fleet.answer = slowly

    def ask_for_ever(target, until):
        while True:
            confirmed_id(target, until)

    started = time.monotonic()
    [(_, answer)] = ask_each([fleet.target(8, 1)], ask_for_ever)
    assert isinstance(answer, TooSlow)
    assert time.monotonic() - started < (TIMEOUTS_IN_ALL + 1) * TIMEOUT.total_seconds()


def test_who_is_not_reached_in_time_is_told_so_and_not_asked(fleet):
    with pytest.raises(TooSlow, match="others hung"):
        ask_device(fleet.target(8, 1), time.monotonic() - 1)
