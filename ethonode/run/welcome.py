"""The last child: waits for the web server, starts a first refresh, and tells the address."""

import sys
import time
from http.client import HTTPConnection, HTTPException

import django
from kombu.exceptions import OperationalError

from ethonode import env
from ethonode.celery import app
from ethonode.run.config import address

PATIENCE = 180  # seconds


def main() -> None:
    environment = env.read()
    logs = environment.var_dir / "log"
    if not _answers(environment, until=time.monotonic() + PATIENCE):
        sys.exit(f"ethonode: the web server does not answer; see {logs / 'web.log'}")
    _refresh()
    lab = " (a simulated lab: no ETHONODE_NODE_URL is set)" if environment.simulated_lab else ""
    sys.stdout.write(f"ethonode is at {address(environment)}{lab}; logs in {logs}\n")


def _refresh() -> None:
    django.setup()  # results are kept in the database
    try:
        app.send_task("backups.tasks.refresh_all", expires=300)
    except OperationalError as error:
        sys.stdout.write(f"ethonode: no first refresh, for Redis does not answer: {error}\n")


def _answers(environment: env.Environment, *, until: float) -> bool:
    while time.monotonic() < until:
        if _answer(environment):
            return True
        time.sleep(0.2)
    return False


def _answer(environment: env.Environment) -> bool:
    """Any answer will do: which names it answers to is ETHONODE_ALLOWED_HOSTS."""
    connection = HTTPConnection(_reachable(environment.bind), environment.port, timeout=5)
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
