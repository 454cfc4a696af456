"""Log lines: one JSON object each, with the ids of request and task, and never a secret."""

import logging.config
import re
from typing import Any

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"
SECRET_NAME = re.compile(
    r"passw(or)?d|passphrase|secret|token|authorization|cookie|wifi|psk|^key$|(api|private|access|signing)[_-]?key$",
    re.IGNORECASE,
)
LOGIN_IN_URL = re.compile(r"(?<=://)[^/@\s]+@")
# name=value, "name": "value", name: value, also inside a traceback or a quoted answer. Anybody may
# send a word of any length: it is read from its beginning alone, and once.
SECRET_IN_TEXT = re.compile(
    r"""(?ix) (?P<name> (?<![\w-]) (?= [\w-]*? (?: passw(?:or)?d | passphrase | secret | token
        | wifi | psk | authorization | api_?key )) [\w-]++ ["']?+ \s*+ [:=] \s*+ )
        (?: "[^"]*" | '[^']*' | (?:bearer|token|basic)\s+\S+ | [^\s,;&}]+ )"""
)


def without_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor. It stands last but one, so that tracebacks pass it as text."""
    return {key: _clean(value, name=str(key)) for key, value in event.items()}


def _clean(value: Any, *, name: str = "") -> Any:
    if SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, dict):
        return {key: _clean(inner, name=str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    text = LOGIN_IN_URL.sub(f"{HIDDEN}@", str(value))
    return SECRET_IN_TEXT.sub(rf"\g<name>{HIDDEN}", text)


SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]

CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": SHARED,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                without_secrets,
                structlog.processors.JSONRenderer(),
            ],
        }
    },
    "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["lines"], "level": "INFO"},
    "loggers": {
        "gunicorn.error": {"handlers": ["lines"], "level": "INFO", "propagate": False},
        "django.server": {"level": "INFO", "propagate": True},
        # django-structlog says the same of each request and task, with their ids.
        "django.request": {"level": "CRITICAL"},
        "axes": {"level": "WARNING"},  # each failed login, and who is shut out
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "CRITICAL"},
        "celery.beat": {"level": "WARNING"},
        "django_celery_beat": {"level": "WARNING"},
    },
}


# One list for all times: a logger that was used once keeps the one that it was made with.
PROCESSORS: list[Any] = [
    structlog.stdlib.filter_by_level,
    *SHARED,
    structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
]


def configure(config: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG: the standard library's loggers and structlog's alike."""
    structlog.configure(
        processors=PROCESSORS,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(config)
