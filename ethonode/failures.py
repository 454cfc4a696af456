"""What is answered when a request failed for a reason that is no mistake of who asked.

A full disk, or a database that does not answer, is 503 with the reason; all else is 500. Nothing
here asks the database.
"""

import sys
from http import HTTPStatus

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from backups.api.errors import API, problem
from ethonode.error_pages import broken, page_alone

DISK = "The disk of ethonode is full, or its database cannot be written: free space on it."
DATABASE = "The database of ethonode does not answer."
FULL = (
    "disk is full",
    "disk i/o error",
    "unable to open database",
    "readonly database",
    "no space left",
)
MISTAKES = ("no such table", "no such column", "near ")  # SQLite answers, and is asked wrongly
TITLE = "ethonode cannot answer now"
AGAIN = 30  # seconds


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: called while the error is the one at hand."""
    reason = unavailable_why(sys.exc_info()[1])
    status = HTTPStatus.SERVICE_UNAVAILABLE if reason else HTTPStatus.INTERNAL_SERVER_ERROR
    detail = reason or "This is a mistake in ethonode; its log says more."
    response = _answer(request, status, detail)
    if reason:
        response["Retry-After"] = str(AGAIN)
    return response


def unavailable_why(error: BaseException | None) -> str:
    """Which part of the machine fails; "" where it is a mistake of ours."""
    text = str(error).lower()
    if isinstance(error, DatabaseError | OSError) and any(words in text for words in FULL):
        return DISK
    if isinstance(error, OperationalError | InterfaceError) and not text.startswith(MISTAKES):
        return DATABASE
    return ""


def _answer(request: HttpRequest, status: HTTPStatus, detail: str) -> HttpResponse:
    """A page for people, and the API's shape for programs."""
    accepted = request.headers.get("Accept", "")
    is_program = "json" in accepted and "html" not in accepted
    unavailable = status is HTTPStatus.SERVICE_UNAVAILABLE
    if is_program or request.path.startswith(API):
        return problem(status, detail=detail, code="unavailable" if unavailable else "error")
    return page_alone(status, TITLE, detail) if unavailable else broken(request)
