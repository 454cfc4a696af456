"""Send one message: `python -m incidents.send`, a job as JSON on stdin, the answer on stdout.

A process of its own: apprise needs fifty megabytes, may read without end, and whatever it loads
or logs is gone with it. It knows nothing of Django.
"""

import hashlib
import hmac
import io
import logging
import resource
import signal
import socket
import sys
from collections.abc import Iterable
from typing import Any, NoReturn
from urllib.parse import urlsplit

import msgspec
import urllib3

from devices.texts import one_line
from incidents.engine.addresses import Network, is_allowed, networks_of
from incidents.engine.jobs import Receipt, SendJob
from incidents.engine.schemas import REFUSED, schema_of

MEMORY = 400 << 20
MOST_ANSWER = 64 << 10
LONGEST_TEXT = 400
SAYS_WHY = ("Failed", "Socket Exception", "Sending", "Connection", "A Connection")
AFTER = "Response Details"


class NotSent(Exception):
    """The message was not accepted; the text says why. Apprise may swallow it: it is remembered."""

    raised: "list[NotSent]" = []

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.raised.append(self)


def main() -> None:
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=SendJob)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _too_late)
    signal.alarm(job.deadline)
    _guard(networks_of(job.allowed))
    try:
        text = _post(job) if job.signing_key else _by_apprise(job)
        answer = Receipt(accepted=True, text=text)
    except (NotSent, OSError, urllib3.exceptions.HTTPError, MemoryError) as error:
        answer = Receipt(accepted=False, text=str(error) or type(error).__name__)
    safe = _without_secrets(answer.text, job)
    line = msgspec.json.encode(msgspec.structs.replace(answer, text=safe))
    sys.stdout.buffer.write(line + b"\n")


def _too_late(*_: Any) -> NoReturn:
    raise NotSent("no answer in time")


def _guard(allowed: tuple[Network, ...]) -> None:
    """Every name and every address that anything here connects to is looked at."""
    resolve, connect = socket.getaddrinfo, socket.socket.connect

    def checked(host: Any, *args: Any, **options: Any) -> list[Any]:
        found = resolve(host, *args, **options)
        good = [one for one in found if is_allowed(str(one[4][0]), allowed)]
        if not good:
            raise NotSent(f"messages may not go to the address of {host}")
        return good

    def connect_checked(sock: socket.socket, address: Any) -> None:
        if not isinstance(address, tuple) or not is_allowed(str(address[0]), allowed):
            raise NotSent("messages may not go to this address")
        connect(sock, address)

    socket.getaddrinfo = checked
    socket.socket.connect = connect_checked  # type: ignore[method-assign, assignment]


def _by_apprise(job: SendJob) -> str:
    from apprise import Apprise, AppriseAsset, NotifyFormat  # noqa: PLC0415  slow, and not for all
    from apprise.common import PersistentStoreMode  # noqa: PLC0415

    if schema_of(job.address) in REFUSED or not schema_of(job.address):
        raise NotSent("this kind of address is not allowed here")
    said = io.StringIO()
    logger = logging.getLogger("apprise")
    logger.addHandler(logging.StreamHandler(said))
    logger.setLevel(logging.DEBUG)
    _give_mail_its_name(job.key)
    asset = AppriseAsset(
        app_id="ethonode",
        app_desc="ethonode",
        async_mode=False,
        secure_logging=True,
        http_redirects=False,
        storage_mode=PersistentStoreMode.MEMORY,
    )
    channel = Apprise(asset=asset)
    if not channel.add(_with_key(job)):
        raise NotSent("this is not an address that apprise knows")
    done = channel.notify(title=job.title, body=job.body, body_format=NotifyFormat.TEXT)
    if not done and NotSent.raised:
        raise NotSent.raised[0]
    if not done:
        raise NotSent(_why(said.getvalue().splitlines()))
    return "accepted"


def _with_key(job: SendJob) -> str:
    """Mail and plain HTTP carry the key as a header, where a second one can be told by it."""
    if schema_of(job.address) not in {"mailto", "mailtos", "json", "jsons", "xml", "xmls", "form"}:
        return job.address
    return f"{job.address}{'&' if '?' in job.address else '?'}%2BX-Ethonode-Key={job.key}"


def _give_mail_its_name(key: str) -> None:
    """A second mail of the same Message-ID is dropped by mail servers and programs that look."""
    from apprise.plugins.email import base  # noqa: PLC0415  slow, and not for all

    def named(**_: object) -> str:
        return f"<{key}@ethonode>"

    vars(base)["make_msgid"] = named  # apprise makes a new one at each attempt


def _why(lines: Iterable[str]) -> str:
    told, before = [], ""
    for line in lines:
        if line.startswith(SAYS_WHY) or AFTER in before:
            told.append(line)
        before = line
    return "; ".join(told) or "refused, and it was not said why"


def _post(job: SendJob) -> str:
    """Our own message for programs, signed; to exactly the address that was looked at."""
    parts = urlsplit(job.address)
    host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    if parts.scheme not in {"http", "https"} or not host:
        raise NotSent("this is not an http:// or https:// address")
    address = str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
    pool = _pool(parts.scheme, address, port, host, job.deadline)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    answer = pool.request(
        "POST",
        target,
        body=job.payload.encode(),
        headers=_headers(job, host if parts.port is None else f"{host}:{port}"),
        redirect=False,
        retries=False,
        preload_content=False,
    )
    text = _read(answer)
    if not 200 <= answer.status < 300:
        raise NotSent(f"HTTP {answer.status}: {text}")
    return f"HTTP {answer.status}: {text}"


def _pool(
    scheme: str, address: str, port: int, host: str, deadline: int
) -> urllib3.HTTPConnectionPool:
    timeout = urllib3.Timeout(total=deadline)
    if scheme == "http":
        return urllib3.HTTPConnectionPool(address, port, timeout=timeout)
    return urllib3.HTTPSConnectionPool(
        address, port, timeout=timeout, server_hostname=host, assert_hostname=host
    )


def _headers(job: SendJob, host: str) -> dict[str, str]:
    signed = hmac.new(
        job.signing_key.encode(), f"{job.at}.{job.payload}".encode(), hashlib.sha256
    ).hexdigest()
    return {
        "Host": host,
        "Content-Type": "application/json",
        "User-Agent": "ethonode",
        "Idempotency-Key": job.key,
        "X-Ethonode-Key": job.key,
        "X-Ethonode-Timestamp": str(job.at),
        "X-Ethonode-Signature": f"sha256={signed}",
    }


def _read(answer: urllib3.BaseHTTPResponse) -> str:
    read = b""
    while len(read) < MOST_ANSWER and (part := answer.read1(MOST_ANSWER - len(read))):
        read += part
    answer.release_conn()
    return one_line(read.decode(errors="replace"), limit=LONGEST_TEXT)


def _without_secrets(text: str, job: SendJob) -> str:
    """Whatever of the address the other side repeats is taken out."""
    parts = urlsplit(job.address)
    secret = {job.address, job.signing_key, parts.password or "", parts.username or ""}
    secret |= {part for part in parts.path.split("/") if len(part) > 7}
    secret |= {part.partition("=")[2] for part in parts.query.split("&")}
    for word in sorted(filter(None, secret), key=len, reverse=True):
        text = text.replace(word, "…") if len(word) > 3 else text
    return one_line(text, limit=LONGEST_TEXT)


if __name__ == "__main__":
    main()
