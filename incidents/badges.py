"""How an incident looks: severity by shape, word and colour (which is in incidents.css)."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from incidents.engine.causes import Severity

SHAPES = {
    Severity.CRITICAL: "error",
    Severity.WARNING: "warning",
    Severity.NOTICE: "info",
}


def severity_badge(severity: str, *, over: bool = False) -> SafeString:
    return format_html(
        '<span class="verdict severity-{}"><span class="material-symbols-outlined verdict-shape"'
        ' aria-hidden="true">{}</span><span>{}</span></span>',
        "over" if over else severity,
        "check" if over else SHAPES[Severity(severity)],
        "over" if over else severity,
    )
