"""Where messages go. An address is typed in, and never shown again."""

import secrets
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from kombu.exceptions import OperationalError
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminPasswordWidget

from backups.admin.durations import DurationsAdmin
from backups.admin.queue import QUEUE_DOWN
from backups.badges import ago
from devices.admin.dialogs import confirm, go_to
from devices.admin.export import ExportedList
from devices.admin.history import WHY, ReasonForm
from incidents import tasks
from incidents.engine.schemas import REFUSED, schema_of
from incidents.models import Channel
from incidents.models.channels import ChannelSort
from incidents.services.acts import ask_for_test
from incidents.services.secrets import Unreadable, opened, seal

EXAMPLES = (
    "For example mailtos://user:password@mail.lab?to=boss@lab, ntfys://ntfy.sh/topic, slack://…,"
    " or for a program https://host/path. It is kept encrypted and never shown again."
)
KEEP = " Leave it empty to keep the one that is there."


class ChannelForm(ReasonForm):
    address = forms.CharField(
        required=False,
        max_length=2000,
        help_text=EXAMPLES,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
    )

    class Meta:
        model = Channel
        exclude: list[str] = []

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.sealed:
            self.fields["address"].help_text = EXAMPLES + KEEP

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        address, sort = data.get("address", "").strip(), data.get("sort")
        if not address and not self.instance.sealed:
            self.add_error("address", "Say where messages go.")
        elif not address and "sort" in self.changed_data:
            self.add_error("address", "Another kind needs another address.")
        elif address and (problem := _problem(address, sort)):
            self.add_error("address", problem)
        return data


def _problem(address: str, sort: str | None) -> str:
    schema = schema_of(address)
    if sort == ChannelSort.WEBHOOK:
        is_web = schema in {"http", "https"}
        return "" if is_web else "Of a program: an http:// or https:// address."
    if not schema or schema in REFUSED or schema in {"http", "https"}:
        return "Not an address of mail, chat or push. Programs are of the other kind."
    return ""


@admin.register(Channel)
class ChannelAdmin(ExportedList, DurationsAdmin):
    stays = "Problems stay. What waits to be sent there is told to nobody."
    form = ChannelForm
    list_display = ["name", "goes_by", "least_severity", "works", "last_sent", "last_answer"]
    search_fields = ["name"]
    fieldsets = [
        (None, {"fields": ["name", "enabled", "sort", "address"]}),
        ("Which messages", {"fields": ["least_severity", "groups", "tell_ends", "remind_every"]}),
        (
            "When, and how many",
            {"fields": ["quiet_from", "quiet_to", "time_zone", "hourly_limit"]},
        ),
        ("What it answered", {"fields": ["works", "last_sent_at", "last_answer"]}),
    ]
    readonly_fields = ["works", "last_sent_at", "last_answer"]
    actions_detail = ["test", "show_signing_key"]

    def save_model(
        self,
        request: HttpRequest,
        obj: Channel,
        form: Any,
        change: bool,  # noqa: FBT001  Django's own argument
    ) -> None:
        if address := form.cleaned_data.get("address", "").strip():
            obj.schema = schema_of(address)
            seal(obj, address, signing_key=secrets.token_urlsafe(32))
            form.cleaned_data[WHY] = form.cleaned_data.get(WHY) or "a new address was typed"
        super().save_model(request, obj, form, change)

    @admin.display(description="Goes by")
    def goes_by(self, channel: Channel) -> str:
        return channel.schema or "-"

    @display(description="Works", label={"works": "success", "fails": "danger", "off": "info"})
    def works(self, channel: Channel) -> str:
        if not channel.enabled:
            return "off"
        if channel.failing_since:
            return "fails"
        return "works" if channel.last_sent_at else "not tried yet"

    @admin.display(description="Last accepted", ordering="last_sent_at")
    def last_sent(self, channel: Channel) -> SafeString | str:
        return ago(channel.last_sent_at, timezone.now())

    def has_test_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("incidents.test_channel")

    def has_key_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("incidents.change_channel")

    @action(
        description="Send a test",
        permissions=["test"],
        icon="send",
        dialog=confirm(
            "Send a test message?",
            "A worker sends it. The next page shows what was answered.",
            "Send it",
        ),
    )
    def test(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        channel = Channel.objects.filter(pk=object_id).first()
        if channel is None:
            return go_to(reverse("admin:incidents_channel_changelist"))
        delivery = ask_for_test(channel, by=request.user, now=timezone.now())
        try:
            tasks.send_to_channel.delay(channel.pk)
        except OperationalError:
            messages.error(request, QUEUE_DOWN)
        return go_to(reverse("admin:incidents_delivery_change", args=[delivery.pk]))

    @action(
        description="Signing key",
        permissions=["key"],
        icon="key",
        dialog=confirm(
            "Show the key that messages to a program are signed with?",
            "It is shown once on the next page. A new address makes a new one.",
            "Show it",
        ),
    )
    def show_signing_key(
        self, request: HttpRequest, form: BaseDialogForm, object_id: str
    ) -> HttpResponse:
        channel = Channel.objects.filter(pk=object_id, sort=ChannelSort.WEBHOOK).first()
        if channel is None:
            messages.warning(request, "Only messages to programs are signed.")
        else:
            _show_key(request, channel)
        return go_to(reverse("admin:incidents_channel_change", args=[object_id]))


def _show_key(request: HttpRequest, channel: Channel) -> None:
    try:
        _, key = opened(channel)
    except Unreadable as error:
        messages.error(request, str(error))
    else:
        messages.info(request, f"Signed with: {key}")
