import gzip
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from devices.client import BadAnswer, TooLarge, TooSlow, Unreachable, decoded, get_json
from tests.recorded import REAL

from .conftest import http


def ask(url, *, seconds=5.0, max_bytes=1_000_000, type=dict[str, Any]):
    return get_json(url, type=type, timeout=timedelta(seconds=seconds), max_bytes=max_bytes)


def test_a_whole_answer_is_decoded(serve):
    assert ask(serve({"/status?a=1": http({"a": 1})}).url + "/status?a=1") == {"a": 1}


def test_a_chunked_answer_is_read(serve):
    body = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n0\r\n\r\n'
    assert ask(serve({"/": body}).url) == {"a": 1}


def test_an_answer_that_ends_with_the_connection_is_read(serve):
    assert ask(serve({"/": b'HTTP/1.0 200 OK\r\n\r\n{"a":1}'}).url) == {"a": 1}


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        pytest.param(b"", b"H", id="status line"),
        pytest.param(b"HTTP/1.0 200 OK\r\n", b"X", id="one endless header"),
        pytest.param(b"HTTP/1.0 200 OK\r\n", b"X: y\r\n", id="headers"),
        pytest.param(b"HTTP/1.1 ", b"100 Continue\r\n\r\nHTTP/1.1 ", id="ever to be continued"),
        pytest.param(b"HTTP/1.0 200 OK\r\nContent-Length: 90000\r\n\r\n{", b" ", id="body"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n{}", b" ", id="body without length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", id="chunks"
        ),
    ],
)
def test_a_server_that_trickles_ends_at_the_deadline(serve, head, piece):
    server = serve()
    server.routes["/"] = server.trickle(head, piece)
    with pytest.raises(TooSlow, match=r"no whole answer in 0\.4 s"):
        ask(server.url, seconds=0.4)


def test_a_server_that_hangs_ends_at_the_deadline(serve):
    server = serve()
    server.routes["/"] = server.hang
    with pytest.raises(TooSlow):
        ask(server.url, seconds=0.3)


def test_what_is_whole_only_because_the_deadline_cut_it_is_not_believed(serve):
    server = serve()
    server.routes["/"] = lambda sock: (
        sock.sendall(b"HTTP/1.0 200 OK\r\n\r\n{}"),
        server.hang(sock),
    )
    with pytest.raises(TooSlow):
        ask(server.url, seconds=0.3)


def test_nobody_there_is_unreachable(dead_address):
    with pytest.raises(Unreachable, match=r"/status: Connection refused"):
        ask(f"http://{dead_address}/status")


@pytest.mark.parametrize("url", ["ftp://host/", "http://", "http://host:99999/", "http://a..b/"])
def test_no_address_is_unreachable(url):
    with pytest.raises(Unreachable):
        ask(url)


def test_a_server_that_speaks_no_tls_is_unreachable(serve):
    with pytest.raises(Unreachable):
        ask(serve().url.replace("http:", "https:"))


def test_a_connection_that_ends_at_once_is_unreachable(serve):
    with pytest.raises(Unreachable):
        ask(serve({"/": b""}).url)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(http(b"{}", status="500 Oops"), "HTTP 500", id="500"),
        pytest.param(http(b"{}", status="204 No Content"), "HTTP 204", id="204"),
        pytest.param(
            http(b"{}", status="302 Found", headers=["Location: http://127.0.0.1:1/"]),
            "redirects",
            id="redirect",
        ),
        pytest.param(http(b"<html>"), "not JSON", id="not JSON"),
        pytest.param(http(b""), "not JSON", id="empty"),
        pytest.param(http(b"\xff\xfe"), "not JSON", id="no text"),
        pytest.param(http(b'{"a": '), "not JSON", id="half written"),
        pytest.param(http(b"[]"), "unexpected form", id="wrong type"),
        pytest.param(http({"a": 1})[:-3], "cut off", id="cut off"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n\r\n", "cut off or no HTTP", id="no HTTP"),
        pytest.param(
            http(gzip.compress(b"[" * 10), headers=["Content-Encoding: gzip"]),
            "compressed",
            id="compressed",
        ),
        pytest.param(
            http({"error": "Traceback:\n File x\nValueError: no such device\n"}),
            "ValueError: no such device",
            id="200 and an error",
        ),
        pytest.param(http({"error": ""}), "without words", id="200 and an empty error"),
    ],
)
def test_a_bad_answer_says_why(serve, answer, reason):
    server = serve({"/devices": answer})
    with pytest.raises(BadAnswer, match=reason) as raised:
        ask(f"{server.url}/devices")
    assert str(raised.value).startswith(f"{server.address}/devices: ")


def test_the_http_status_is_kept(serve):
    with pytest.raises(BadAnswer) as raised:
        ask(serve().url + "/list_video_files")
    assert raised.value.http_status == 404


def test_an_error_among_facts_is_no_refusal(serve):
    answer = {"status": "stopped", "error": "Traceback"}
    assert ask(serve({"/": http(answer)}).url) == answer


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"HTTP/1.0 200 OK\r\nContent-Length: 200000000\r\n\r\n", id="announced"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n", id="unannounced"),
    ],
)
def test_an_answer_of_200_megabytes_is_not_read(serve, head):
    sent = []

    def flood(sock):
        sock.sendall(head)
        for _ in range(2000):
            sock.sendall(b" " * 100_000)
            sent.append(100_000)

    with pytest.raises(TooLarge, match="more than 1,000,000"):
        ask(serve({"/": flood}).url)
    assert sum(sent) < 50_000_000  # what fits into the sockets' buffers, at most


def test_an_error_text_is_short_printable_and_without_passwords(serve):
    server = serve({"/": http({"error": "\0\x1b[31m" + "x" * 10_000})})
    with pytest.raises(BadAnswer) as raised:
        ask(server.url.replace("//", "//user:secret@") + "/")
    text = str(raised.value)
    assert text.isprintable()
    assert len(text) <= 300
    assert "secret" not in text


def test_a_query_is_not_shown(dead_address):
    with pytest.raises(Unreachable) as raised:
        ask(f"http://{dead_address}/?token=secret")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_a_value_that_is_no_json_costs_only_itself(value):
    body = f'{{"a": [1, {value}], "NaN": "NaN \\" [ Infinity"}}'.encode()
    assert decoded(body, type=dict[str, Any]) == {"a": [1, None], "NaN": 'NaN " [ Infinity'}


def test_what_is_nested_too_deep_costs_only_itself():
    deep = b"[" * 100_000 + b"]" * 100_000
    found = decoded(b'{"a": ' + deep + b', "b": "]}", "c": 1}', type=dict[str, Any])
    assert (found.keys(), found["b"], found["c"]) == ({"a", "b", "c"}, "]}", 1)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"a":' + b"[" * 100_000, id="brackets"),
        pytest.param(b'"' + b'\\"' * 500_000, id="escapes"),
        pytest.param(b'{"a":NaN', id="half"),
    ],
)
def test_what_is_never_closed_is_no_json(body):
    with pytest.raises(BadAnswer, match="not JSON"):
        decoded(body, type=dict[str, Any])


def test_decoding_is_strict():
    class Form(msgspec.Struct):
        count: int

    with pytest.raises(BadAnswer, match="unexpected form"):
        decoded(b'{"count": "1"}', type=Form)


@pytest.mark.parametrize(
    "name", ["device/err_12_wrong_id_data", "device/err_14_data_listener_dead"]
)
def test_a_recorded_error_report_is_an_error(serve, name):
    with pytest.raises(BadAnswer, match=r"(WrongMachineID|Connection refused)"):
        ask(serve({"/": http(REAL.body(name))}).url)
