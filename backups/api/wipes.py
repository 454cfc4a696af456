"""The last answer to “may I wipe it?”, as the API tells it. Without one nothing is a yes."""

from datetime import datetime
from typing import Any

from django.http import Http404
from rest_framework import serializers

from backups.engine.wipe import MayWipe, Remedy
from backups.models import WipeQuestion
from backups.services.wipes import certificate_of, last_answer, reasons_of, still_holds
from devices.models import Device

NEVER_ASKED = {
    "item": "the question", "lacks": "it was never asked", "remedy": Remedy.ASK_AGAIN,
    "says": MayWipe.UNKNOWN,
}  # fmt: skip


class WipeReasonSerializer(serializers.Serializer[Any]):
    item = serializers.CharField()
    lacks = serializers.CharField()
    remedy = serializers.ChoiceField(
        [one.value for one in Remedy], help_text="A kind of run that mends it, or a person"
    )
    says = serializers.ChoiceField(["no", "unknown"])


class WipeSerializer(serializers.Serializer[Any]):
    device = serializers.CharField()
    experiment = serializers.CharField(help_text="Empty: the whole card")
    answer = serializers.ChoiceField([one.value for one in MayWipe])
    holds = serializers.BooleanField(
        help_text=(
            "It is a yes for the whole card, and its certificate was found to stand within the last"
            " hour. Else ask again."
        )
    )
    asked_at = serializers.DateTimeField(allow_null=True)
    age_seconds = serializers.FloatField(allow_null=True)
    asked_by = serializers.CharField()
    item_count = serializers.IntegerField(allow_null=True)
    size_bytes = serializers.IntegerField(allow_null=True)
    certificate = serializers.CharField(allow_null=True)
    checked_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was last looked at whether the certificate stands"
    )
    withdrawn_why = serializers.CharField()
    reasons = WipeReasonSerializer(many=True)


def wipe_row(device: Device, experiment: str, *, now: datetime) -> dict[str, Any]:
    """Raises Http404 for an experiment that the device does not have."""
    question = last_answer(device, experiment=experiment)
    if question is None:
        return _never_asked(device, experiment)
    made = certificate_of(question)
    return {
        "device": device.device_id,
        "experiment": experiment,
        "answer": question.answer,
        "holds": still_holds(made, now=now),
        "asked_at": question.asked_at,
        "age_seconds": (now - question.asked_at).total_seconds(),
        "asked_by": question.asked_by,
        "item_count": question.item_count,
        "size_bytes": question.size_bytes,
        "certificate": made.number if made else None,
        "checked_at": made.checked_at if made else None,
        "withdrawn_why": made.withdrawn_why if made else "",
        "reasons": WipeReasonSerializer(reasons_of(question), many=True).data,
    }


def _never_asked(device: Device, experiment: str) -> dict[str, Any]:
    if experiment and not device.experiments.filter(filename=experiment).exists():
        raise Http404
    nothing = WipeQuestion(device=device, experiment=experiment, answer=MayWipe.UNKNOWN)
    names = ("experiment", "answer", "asked_at", "asked_by", "item_count", "size_bytes")
    return {name: getattr(nothing, name) for name in names} | {
        "device": device.device_id,
        "holds": False,
        "age_seconds": None,
        "certificate": None,
        "checked_at": None,
        "withdrawn_why": "",
        "reasons": [NEVER_ASKED],
    }
