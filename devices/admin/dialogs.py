"""Dialogs of actions: what they ask, and how an action ends.

Unfold runs an action without a dialog on a plain GET, and one without permissions for any staff
user: each of ours has both, so that it is a POST with a CSRF token, by someone who may.
"""

from typing import Any

from django.http import HttpResponse
from unfold.dataclasses import ActionDialog
from unfold.forms import BaseDialogForm


class Dialog(ActionDialog):
    """`keep`: what the button says that leaves all as it is."""

    keep: str


def confirm(
    title: str,
    description: str,
    submit: str,
    *,
    keep: str = "Cancel",
    form_class: type[BaseDialogForm] = BaseDialogForm,
) -> Dialog:
    return Dialog(
        title=title,
        description=description,
        form_class=form_class,
        form_submit_text=submit,
        keep=keep,
    )


def without(name: str, actions: list[Any]) -> list[Any]:
    """The actions that a page offers, but for one that makes no sense there at the moment."""
    return [action for action in actions if action.method.original_function_name != name]


def go_to(url: str) -> HttpResponse:
    """Close the dialog and show this page; the message waits there."""
    return HttpResponse(headers={"HX-Redirect": url})
