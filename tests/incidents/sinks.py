"""Whoever takes messages: a web and a mail server that can be told to misbehave."""

import json
import re
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller

from tests.servers import free_port

TOLD = re.compile(r": (?P<about>ETHOSCOPE_\d+ \w+)$")


def _lines(mail):
    subject = str(make_header(decode_header(mail["Subject"])))
    body = mail.get_payload(decode=True).decode().splitlines()
    return [line.removeprefix("- ") for line in (subject, *body)]


class WebSink:
    """`mood`: how it answers. `got`: (headers, body) of what it accepted, in order."""

    sort = "webhook"

    def __init__(self, port=0, host="127.0.0.1"):
        self.host = host
        self.mood = "good"
        self.got = []
        self.asked = 0
        self.paths = []
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                sink.take(self)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def address(self):
        return f"http://{self.host}:{self.port}/hook"

    def take(self, request):
        self.asked += 1
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        self.paths.append((request.path, body))
        if self.mood == "hang":
            time.sleep(30)
        if self.mood == "redirect":
            request.send_response(302)
            request.send_header("Location", self.address)
            request.end_headers()
            return
        status = {"refuse": 500, "teapot": 418}.get(self.mood, 200)
        if status == 200:
            self.got.append((dict(request.headers), body))
        request.send_response(status)
        text = {"refuse": b"our disk is full", "endless": b"x" * 10_000_000}.get(self.mood, b"ok")
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        with suppress(OSError):
            request.wfile.write(text)

    @property
    def messages(self):
        return [json.loads(body) for _, body in self.got]

    @property
    def keys(self):
        return [headers["X-Ethonode-Key"] for headers, _ in self.got]

    def once(self):
        """What a receiver that knows keys has: each message once, in the order of its coming."""
        return list({message["key"]: message for message in self.messages}.values())

    def told(self):
        """Of each device what was told."""
        found = {}
        for message in self.once():
            for one in message["messages"]:
                found.setdefault(one["about"], []).append(one["event"])
        return found

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class MailSink:
    """`refuse`: what it answers instead of taking. `tls`: by which certificate it offers TLS."""

    sort = "apprise"

    def __init__(self, *, port=0, tls=None):
        self.got = []
        self.refuse = ""
        self.port = port or free_port()
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self.port, tls_context=tls, require_starttls=bool(tls)
        )
        self._controller.start()

    @property
    def address(self):
        return self.address_by("insecure")

    def address_by(self, mode):
        schema = "mailto" if mode == "insecure" else "mailtos"
        return (
            f"{schema}://127.0.0.1:{self.port}?from=ethonode@lab.example&to=boss@lab.example"
            f"&smtp=127.0.0.1&mode={mode}"
        )

    @property
    def keys(self):
        return [mail["Message-ID"] for mail in self.got]

    def once(self):
        """The lines of what a mail program shows that drops a second mail of one Message-ID."""
        mails = {mail["Message-ID"]: mail for mail in self.got}.values()
        return [line for mail in mails for line in _lines(mail)]

    def told(self):
        """Of each device what was told, also where several messages came as one."""
        found = {}
        for line in self.once():
            if match := TOLD.search(line):
                event = "over" if line.startswith("Over: ") else "opened"
                found.setdefault(match["about"], []).append(event)
        return found

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.got.append(message_from_bytes(envelope.content))
        return "250 OK"

    def stop(self):
        self._controller.stop()


def certificate_for(name, folder):
    """One that vouches for itself: (certificate, key)."""
    key, certificate = folder / "key", folder / "certificate"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
         f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
         "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return certificate, key


@contextmanager
def running(sink):
    try:
        yield sink
    finally:
        sink.stop()
