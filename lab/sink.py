"""Where messages of a simulated lab go: a mail server and a web server that show what arrived."""

import html
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

HOST = "127.0.0.1"
KEPT = 500
LONGEST = 1 << 20  # bytes of a message
PAGE = """<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<title>Messages of the simulated lab</title>
<style>body{{font:15px/1.5 system-ui;margin:2rem auto;max-width:50rem;padding:0 1rem}}
article{{border:1px solid #ccc;border-radius:8px;margin:1rem 0;padding:.5rem 1rem}}
pre{{white-space:pre-wrap}}</style>
<h1>What would have been sent</h1><p>{count} messages, newest first.</p>{messages}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    at: str
    by: str  # "mail" or "web"
    key: str
    title: str
    body: str


@dataclass(slots=True)
class Inbox:
    """The newest messages, for whoever looks."""

    port: int = 0
    mail_port: int = 0
    arrived: deque[Arrived] = field(default_factory=lambda: deque(maxlen=KEPT))

    def take(self, by: str, *, key: str, title: str, body: str) -> None:
        at = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
        self.arrived.append(Arrived(at=at, by=by, key=key, title=title, body=body))

    def page(self) -> str:
        some = "".join(map(_article, reversed(self.arrived)))
        return PAGE.format(count=len(self.arrived), messages=some)


def _article(one: Arrived) -> str:
    title, body = html.escape(one.title), html.escape(one.body)
    return (
        f"<article><b>{title}</b> <small>{one.at}, by {one.by}</small><pre>{body}</pre></article>"
    )


@contextmanager
def sink(*, port: int, mail_port: int) -> Iterator[Inbox]:
    """Both servers, until the end of the body. `port` 0 picks one; `mail_port` 0: no mail."""
    inbox = Inbox(mail_port=mail_port)
    web = ThreadingHTTPServer((HOST, port), _handler(inbox))
    inbox.port = web.server_address[1]
    threading.Thread(target=web.serve_forever, args=(0.01,), daemon=True).start()
    mail = Controller(_Mail(inbox), hostname=HOST, port=mail_port) if mail_port else None
    try:
        if mail is not None:
            mail.start()
        yield inbox
    finally:
        if mail is not None:
            mail.stop()
        web.shutdown()
        web.server_close()


@dataclass(frozen=True, slots=True)
class _Mail:
    inbox: Inbox

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        got = message_from_bytes(envelope.content, policy=policy.default)
        part = got.get_body(("plain",)) if isinstance(got, EmailMessage) else None
        self.inbox.take(
            "mail",
            key=str(got["X-Ethonode-Key"] or ""),
            title=str(got["Subject"]),
            body=part.get_content() if part is not None else "",
        )
        return "250 It is in the inbox"


def _handler(inbox: Inbox) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), LONGEST)
            try:
                told = json.loads(self.rfile.read(length))
                title, body = str(told["title"]), str(told["body"])
            except (ValueError, KeyError, TypeError):
                self._answer(400, "this is no message of ethonode", "text/plain")
                return
            key = self.headers.get("X-Ethonode-Key", "")
            inbox.take("web", key=key, title=title, body=body)
            self._answer(200, f"read it in a browser: {HOST}, port {inbox.port}", "text/plain")

        def do_GET(self) -> None:
            self._answer(200, inbox.page(), "text/html; charset=utf-8")

        def _answer(self, status: int, text: str, kind: str) -> None:
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
