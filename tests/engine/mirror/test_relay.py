"""The relay, as a library uses it that opens sockets of its own and waits on them for ever."""

import random
import socket
import threading
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from backups.engine.errors import Cancelled
from backups.engine.mirror import errors
from backups.engine.mirror.relay import Relay
from backups.engine.mirror.wire import Patience
from tests.fault_proxy import Fault, fault_proxy

LARGE = 3_000_000
ANSWER = random.Random(5).randbytes(LARGE)  # noqa: S311


def serve(listener) -> None:
    """Greets; then sends as much of ANSWER as each line asks for, until it says bye."""
    client, _ = listener.accept()
    with client, client.makefile("r") as lines:
        client.sendall(b"hello")
        for line in lines:
            if line == "bye\n":
                client.sendall(b"last words")
                return
            client.sendall(ANSWER[: int(line)])


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        with fault_proxy(listener.getsockname()[1]) as proxy:
            yield proxy
        thread.join()


@contextmanager
def relayed(server, *, seconds: float = 20.0, cancelled=lambda: False):
    sock = socket.create_connection(("127.0.0.1", server.port))
    relay = Relay(sock, Patience(seconds, cancelled))
    try:
        yield relay
    finally:
        relay.close()


def connect(path: str) -> SimpleNamespace:
    library = socket.socket(socket.AF_UNIX)
    library.connect(path)
    stream = library.makefile("rwb", buffering=0)
    library.close()
    return SimpleNamespace(stream=stream, greeting=stream.read(5), path=path)


def read(stream, count: int) -> bytes:
    found = b""
    while len(found) < count and (more := stream.read(count - len(found))):
        found += more
    return found


def ask(stream, count: int) -> bytes:
    stream.write(f"{count}\n".encode())
    return read(stream, count)


@pytest.mark.parametrize("count", [1, 70_000, LARGE])
def test_questions_and_answers_pass(server, count):
    with relayed(server) as relay:
        library = relay.open(connect)
        assert library.greeting == b"hello"
        for _ in range(3):
            assert relay.call(lambda: ask(library.stream, count)) == ANSWER[:count]


def test_an_answer_may_be_taken_in_portions(server):
    with relayed(server) as relay:
        stream = relay.open(connect).stream
        relay.call(lambda: stream.write(f"{LARGE}\n".encode()))
        portions = [relay.call(lambda: read(stream, LARGE // 10)) for _ in range(10)]
    assert b"".join(portions) == ANSWER


def test_nobody_else_finds_the_door(server):
    with relayed(server) as relay:
        assert not Path(relay.open(connect).path).parent.exists()


def test_the_last_words_of_a_server_arrive_and_then_its_end(server):
    with relayed(server) as relay:
        stream = relay.open(connect).stream
        relay.call(lambda: stream.write(b"bye\n"))
        assert relay.call(lambda: read(stream, 100)) == b"last words"


def test_what_the_library_raises_comes_out(server):
    with relayed(server) as relay:
        relay.open(connect)
        with pytest.raises(ZeroDivisionError):
            relay.call(lambda: 1 // 0)


def converse(server, **words) -> bytes:
    with relayed(server, **words) as relay:
        library = relay.open(connect)
        return library.greeting + relay.call(lambda: ask(library.stream, 1000))


@pytest.mark.parametrize("fault", ["stall_after", "trickle_after"])
@pytest.mark.parametrize("sent", [0, 2, 5, 500])
def test_a_silent_or_crawling_server_is_given_up(server, fault, sent):
    server.fault = Fault(**{fault: sent})
    with pytest.raises(errors.SourceGone, match="silent or too slow"):
        converse(server, seconds=0.5)


def test_a_hung_call_can_be_cancelled_and_its_thread_ends(server):
    server.fault = Fault(stall_after=500)
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    with pytest.raises(Cancelled):
        converse(server, cancelled=cancel.is_set)
    assert "mariadb_0" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("sent", [5, 6, 500])
def test_a_broken_connection_ends_the_library_s_too(server, sent):
    server.fault = Fault(cut_after=sent)
    assert converse(server) == b"hello" + ANSWER[: sent - 5]
