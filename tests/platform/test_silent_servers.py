"""A database or a Redis on a machine that has vanished: whoever waits for it waits for seconds."""

import socket

import psycopg
import pytest
from django.conf import settings
from kombu.exceptions import OperationalError

from ethonode import env
from ethonode.celery import app
from ethonode.env_values import GIVEN_UP_AFTER


@pytest.fixture
def silent():
    """The port of one that takes each connection, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def options(monkeypatch, tmp_path):
    def of(address):
        monkeypatch.setenv("ETHONODE_VAR_DIR", str(tmp_path))
        monkeypatch.setenv("ETHONODE_DATABASE_URL", address)
        return env.read_alone().database.get("OPTIONS", {})

    return of


def test_postgresql_is_waited_for_as_long_as_we_say(options):
    assert options("postgres://u@db/x") == GIVEN_UP_AFTER


def test_who_runs_it_may_say_otherwise(options):
    told = options("postgres://u@db/x?connect_timeout=3&sslmode=require")
    assert {"connect_timeout", "sslmode"} <= told.keys()
    assert int(told["connect_timeout"]) == 3
    assert told["tcp_user_timeout"] == GIVEN_UP_AFTER["tcp_user_timeout"]


def test_sqlite_has_no_such_words(options):
    assert "connect_timeout" not in options("")


def test_libpq_knows_them_and_gives_up(silent):
    few = GIVEN_UP_AFTER | {"connect_timeout": 2}  # the least that it takes
    with pytest.raises(psycopg.OperationalError, match="timeout"):
        psycopg.connect(host="127.0.0.1", port=silent, user="u", dbname="x", **few)


def test_redis_is_given_up(silent):
    few = settings.CELERY_BROKER_TRANSPORT_OPTIONS | {"socket_timeout": 1}
    address = f"redis://127.0.0.1:{silent}/0"
    raises = pytest.raises(OperationalError, match=r"[Tt]imeout")
    with app.connection(address, transport_options=few) as broker, raises:
        broker.default_channel.client.ping()


def test_the_broker_has_a_limit():
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    assert 0 < options["socket_connect_timeout"] < options["socket_timeout"] < 60
