"""A page that holds what is told only once."""

from django.http import HttpResponse

ONE_BUTTON = {"show_save_and_add_another": False, "show_save_and_continue": False}


def never_stored(response: HttpResponse) -> HttpResponse:
    """No cache of a browser or a proxy keeps it, and no other site is told where it was."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
