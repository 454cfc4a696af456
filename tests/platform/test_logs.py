import io
import json
import logging
import time

import pytest
import structlog
from django.conf import settings
from structlog.testing import capture_logs

from ethonode import logs


@pytest.fixture
def line():
    """What a call of a logger writes, as the JSON it should be."""
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    config = logs.CONFIG["formatters"]["json"]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(**{k: v for k, v in config.items() if k != "()"})
    )

    def written(message, *args, **kwargs):
        logger = logging.getLogger("tests.logs")
        logger.addHandler(handler)
        logger.propagate = False
        try:
            logger.error(message, *args, **kwargs)
        finally:
            logger.removeHandler(handler)
        return json.loads(output.getvalue())

    return written


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "WIFI_PASSWORD",
        "wifi_psk",
        "auth_token",
        "Authorization",
        "secret_key",
        "Cookie",
    ],
)
def test_the_value_of_a_secret_name_is_hidden(name):
    assert logs.without_secrets(None, "info", {name: "geheim"}) == {name: logs.HIDDEN}


@pytest.mark.parametrize(
    "value",
    [
        {"WIFI_PASSWORD": "geheim"},
        [{"deep": {"token": "geheim"}}],
        "http://user:geheim@host/x",
        "redis://:geheim@host/0",
        '{"WIFI_PASSWORD": "geheim", "name": "E"}',
        "password=geheim&x=1",
        "Authorization: Bearer geheim",
        f"token_{'x' * 200}{' ' * 50}= geheim",
        f"{'x' * 200}-psk-{'y' * 200}: geheim",
        ValueError("secret: geheim"),
    ],
)
def test_a_secret_inside_a_value_is_hidden(value):
    assert "geheim" not in str(logs.without_secrets(None, "info", {"answer": value}))


@pytest.mark.parametrize("value", ["keyboard", "30 % of 8 GB", "http://host:80/x", 3, None, True])
def test_other_values_stay(value):
    assert logs.without_secrets(None, "info", {"answer": value}) == {"answer": value}


@pytest.mark.parametrize(
    "word", ["x", "psk", "token-", "password ", "token  ", 'token="', "://", "secret:"]
)
def test_what_anybody_may_send_costs_its_length_and_not_the_square_of_it(word):
    def seconds(length):
        start = time.process_time()
        logs.without_secrets(None, "info", {"path": word * (length // len(word))})
        return time.process_time() - start

    once = max(min(seconds(20_000) for _ in range(3)), 0.001)
    assert min(seconds(80_000) for _ in range(3)) < 10 * once  # the square: sixteen times


def test_a_line_is_json_with_time_level_and_logger(line):
    found = line("copied %s", "a.db")
    assert found["event"] == "copied a.db"
    assert (found["level"], found["logger"]) == ("error", "tests.logs")
    assert found["timestamp"].endswith("Z")


def test_a_secret_in_a_traceback_is_hidden(line):
    try:
        raise ValueError("mysql://root:geheim@device/db")
    except ValueError:
        found = line("failed", exc_info=True)
    assert "ValueError" in found["exception"]
    assert "geheim" not in str(found)


def test_a_line_break_cannot_start_a_second_line(line):
    assert line('a name\n{"event": "forged"}')["event"].startswith("a name\n")


def test_what_was_configured_once_more_writes_and_is_heard_as_before():
    """Each WSGI application configures again; a logger keeps what it was first used with."""
    logger = structlog.get_logger("tests.again")
    logger.info("the first time")
    logs.configure(settings.LOGGING)
    with capture_logs() as lines:
        logger.info("heard")
    assert [line["event"] for line in lines] == ["heard"]
