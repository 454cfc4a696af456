"""Dialogs of actions: what they ask, and how an action ends.

Unfold runs an action without a dialog on a plain GET, and one without permissions for any staff
user: each of ours has both, so that it is a POST with a CSRF token, by someone who may.
"""

from django.http import HttpResponse
from unfold.dataclasses import ActionDialog
from unfold.forms import BaseDialogForm


def confirm(
    title: str,
    description: str,
    submit: str,
    *,
    form_class: type[BaseDialogForm] = BaseDialogForm,
) -> ActionDialog:
    return ActionDialog(
        title=title, description=description, form_class=form_class, form_submit_text=submit
    )


def go_to(url: str) -> HttpResponse:
    """Close the dialog and show this page; the message waits there."""
    return HttpResponse(headers={"HX-Redirect": url})
