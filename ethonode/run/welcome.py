"""The last child: waits for the web server, starts a first refresh, and tells the address."""

import time
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import django
from kombu.exceptions import OperationalError

from ethonode import env
from ethonode.celery import app
from ethonode.run.config import address
from ethonode.run.say import say

PATIENCE = 180  # seconds
KNOWN_AFTER = 150  # seconds
CHECK = "installation.tasks.check_setup"


def main() -> None:
    environment = env.read()
    logs = environment.var_dir / "log"
    host = _reachable(environment.bind)
    if not _answers(host, environment.port):
        say(f"ethonode: the web server does not answer; see {logs / 'web.log'}")
        return
    lab = " (a simulated lab: no ETHONODE_NODE_URL is set)" if environment.simulated_lab else ""
    say(f"ethonode is at {address(environment)}{lab}; logs in {logs}")
    if environment.simulated_lab:  # at its first start it has files to make
        _answers("127.0.0.1", urlsplit(environment.nodes[0].url).port or 80)
    _refresh()


def _refresh() -> None:
    django.setup()  # results are kept in the database
    try:
        app.send_task("backups.tasks.refresh_all", expires=300)
        app.send_task(CHECK, expires=3600)
        # What it says of devices it can only say once they are known: a cycle takes no longer.
        app.send_task(CHECK, countdown=KNOWN_AFTER, expires=3600)
    except OperationalError as error:
        say(f"ethonode: no first refresh, for Redis does not answer: {error}")


def _answers(host: str, port: int) -> bool:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if _answer(host, port):
            return True
        time.sleep(0.2)
    return False


def _answer(host: str, port: int) -> bool:
    """Any answer will do: which names it answers to is ETHONODE_ALLOWED_HOSTS."""
    connection = HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status > 0
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _reachable(bind: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104  compared, not bound


if __name__ == "__main__":
    main()
