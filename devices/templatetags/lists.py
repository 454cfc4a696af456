"""Cells of lists, without what the theme repeats in each of them: two thirds of such a page."""

import re

from django import template
from django.utils.safestring import SafeString, mark_safe
from unfold.templatetags.unfold_list import CHECKBOX_CLASSES, LINK_CLASSES, ROW_CLASSES
from unfold.widgets import CHECKBOX_CLASSES as INPUT_CLASSES

_LABEL = re.compile(r'(?<=data-label=")[a-z]')  # its heading begins with a capital, too

register = template.Library()
SHORT = {  # said in lists.css, for all of them
    " ".join(ROW_CLASSES): "cell",
    " ".join(CHECKBOX_CLASSES): "action-checkbox cell",
    " ".join(LINK_CLASSES): "cell-link",
    " ".join(INPUT_CLASSES).replace("'", "&#x27;"): "cell-box",
}


@register.filter
def slim(cell: SafeString) -> SafeString:
    """What an escaped value holds is no markup and no class: it is not touched."""
    for long, short in SHORT.items():
        cell = SafeString(cell.replace(long, short))
    lean = _LABEL.sub(lambda found: found[0].upper(), " ".join(cell.split()), count=1)
    return mark_safe(lean)  # noqa: S308 - it was safe, and only lost words
