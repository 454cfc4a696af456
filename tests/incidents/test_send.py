"""The child that sends, against real servers, also those that misbehave."""

import hashlib
import hmac
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from incidents.engine.jobs import SendJob
from incidents.engine.schemas import REFUSED
from incidents.services.child import run_child
from tests.incidents.sinks import MailSink, WebSink, certificate_for, running

HERE = ("127.0.0.0/8", "::1/128")


@pytest.fixture
def web():
    with running(WebSink()) as sink:
        yield sink


@pytest.fixture
def mail():
    with running(MailSink()) as sink:
        yield sink


def send(address, *, allowed=HERE, deadline=10, **others):
    values = {"title": "A copy is damaged", "body": "ETHOSCOPE_019", "key": "k-1"} | others
    return run_child(SendJob(address=address, allowed=allowed, deadline=deadline, **values))


def to_program(address, **others):
    return send(address, signing_key="a signing key", payload='{"a": 1}', at=1000, **others)


def by_apprise(web):
    return f"json://127.0.0.1:{web.port}/hook"


def test_a_program_can_check_who_sent_it(web):
    assert to_program(web.address).accepted
    headers, body = web.got[0]
    signed = hmac.new(b"a signing key", b"1000." + body, hashlib.sha256).hexdigest()
    assert headers["X-Ethonode-Signature"] == f"sha256={signed}"
    assert headers["Idempotency-Key"] == headers["X-Ethonode-Key"] == "k-1"


def test_a_mail_arrives_with_its_key_and_one_subject(mail):
    title = "A\r\nBcc: everybody@lab.example\r\n\r\nno"
    assert send(mail.address, title=title).accepted
    (got,) = mail.got
    assert got["X-Ethonode-Key"] == "k-1"
    assert got["Bcc"] is None
    assert "ETHOSCOPE_019" in got.get_payload(decode=True).decode()


def test_chats_and_the_like_go_by_apprise(web):
    assert send(by_apprise(web)).accepted
    assert web.messages[0]["title"] == "A copy is damaged"
    assert web.keys == ["k-1"]


@pytest.mark.parametrize(
    ("mood", "says"), [("refuse", "our disk is full"), ("hang", "time"), ("redirect", "302")]
)
@pytest.mark.parametrize("how", ["apprise", "webhook"])
def test_what_misbehaves_is_told_in_its_own_words(web, mood, says, how):
    web.mood = mood
    address = by_apprise(web) if how == "apprise" else web.address
    answer = (send if how == "apprise" else to_program)(address, deadline=4)
    assert not answer.accepted
    assert says in answer.text
    assert web.asked == 1


def test_an_answer_without_end_is_read_to_a_limit(web):
    web.mood = "endless"
    assert len(to_program(web.address).text) < 500


def test_a_refused_recipient_is_told_without_the_address_of_the_channel(mail):
    mail.refuse = "550 no such person"
    answer = send(mail.address)
    assert not answer.accepted
    assert "no such person" in answer.text
    assert "boss@lab.example" not in answer.text


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "169.254.169.254",
        "2130706433",
        "0x7f.1",
        "[::ffff:127.0.0.1]",
        "10.0.0.1",
        "0.0.0.0",  # noqa: S104  asked for, not bound
        "[64:ff9b::7f00:1]",
    ],
)
@pytest.mark.parametrize("how", ["apprise", "webhook"])
def test_inner_addresses_are_refused_unless_allowed(web, host, how):
    address = f"{'json' if how == 'apprise' else 'http'}://{host}:{web.port}/hook"
    answer = (send if how == "apprise" else to_program)(address, allowed=())
    assert not answer.accepted
    assert web.asked == 0


@pytest.mark.parametrize("schema", sorted(REFUSED))
def test_what_speaks_to_this_machine_is_refused(schema):
    answer = send(f"{schema}://localhost/x")
    assert "not allowed" in answer.text


def test_nothing_secret_comes_back(web):
    web.mood = "refuse"
    address = f"json://someone:hunter2secret@127.0.0.1:{web.port}/T0PSECRETPATH?+X-Key=4242424242"
    answer = send(address)
    for secret in ("hunter2secret", "T0PSECRETPATH", "4242424242"):
        assert secret not in answer.text


def test_a_certificate_for_another_name_is_refused(tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate_for("elsewhere.example", tmp_path))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    answer = to_program(f"https://localhost:{server.server_address[1]}/")
    server.shutdown()
    server.server_close()
    assert not answer.accepted
    assert "certificate" in answer.text.lower()
