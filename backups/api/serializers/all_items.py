"""An item of whatever kind, in one shape."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model
from rest_framework import serializers

from backups.models import OtherFile, RecordingLedger
from backups.standing import of_experiment, of_file, of_recording, state_of
from devices.models import Experiment

KINDS: dict[str, type[Model]] = {
    "experiment": Experiment,
    "file": OtherFile,
    "recording": RecordingLedger,
}


class ItemSerializer(serializers.Serializer[Any]):
    """Times are on our clock. `null`: not known, or not told."""

    id = serializers.CharField(help_text="Kind and number: experiment-12")
    kind = serializers.ChoiceField(list(KINDS))
    device = serializers.CharField(help_text="Its machine id")
    name = serializers.CharField(help_text="File name, start of the recording, or path on the card")
    standing = serializers.CharField(help_text="In a word, as the pages say it")
    proof = serializers.CharField(
        help_text="The best that holds for all of it: named, counted, equal; empty: none"
    )
    reason = serializers.CharField(help_text="What is wrong; empty: nothing is known to be")
    since = serializers.DateTimeField(allow_null=True, help_text="Since when that is so")
    bytes_at_risk = serializers.IntegerField(allow_null=True)
    rows_at_risk = serializers.IntegerField(allow_null=True)
    growing = serializers.BooleanField()
    written_off = serializers.BooleanField()
    first_seen_at = serializers.DateTimeField()
    looked_at = serializers.DateTimeField(allow_null=True)
    gone_at = serializers.DateTimeField(allow_null=True, help_text="No longer on the card since")


class WriteOffSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=200, help_text="Why: kept in the history")


def item_row(row: Any) -> dict[str, Any]:
    kind = next(kind for kind, model in KINDS.items() if isinstance(row, model))
    return {
        "id": f"{kind}-{row.pk}",
        "kind": kind,
        "device": row.device.device_id,
        **_SHOWN[kind](row),
        "written_off": row.written_off,
    }


def _experiment(row: Experiment) -> dict[str, Any]:
    state = state_of(row)
    return {
        "name": row.filename,
        "standing": of_experiment(row),
        "proof": state.proof if state else "",
        "reason": state.reason if state else "",
        "since": state.since if state else None,
        "bytes_at_risk": state.bytes_at_risk if state else None,
        "rows_at_risk": state.rows_at_risk if state else None,
        "growing": row.growing,
        "first_seen_at": row.first_seen_at,
        "looked_at": state.looked_at if state else None,
        "gone_at": row.gone_at,
    }


def _recording(row: RecordingLedger) -> dict[str, Any]:
    return {
        "name": row.recording,
        "standing": of_recording(row),
        "proof": _least_proof(row),
        "reason": row.reason,
        "since": row.since,
        "bytes_at_risk": row.at_risk_bytes,
        "rows_at_risk": None,
        "growing": row.growing,
        "first_seen_at": row.first_known_at,
        "looked_at": row.looked_at,
        "gone_at": None,
    }


def _least_proof(row: RecordingLedger) -> str:
    """Of all its files; "" where one of them is not here."""
    if not row.known_count or row.held_count < row.known_count:
        return ""
    counts = {"named": row.named_count, "counted": row.counted_count, "equal": row.equal_count}
    return next((proof for proof, count in counts.items() if count), "")


def _file(row: OtherFile) -> dict[str, Any]:
    standing = of_file(row)
    lies_there = standing in {"lost", "missing", "another size"}
    return {
        "name": row.name,
        "standing": standing,
        "proof": {"equal": "equal", "of its size": "counted"}.get(standing, ""),
        "reason": row.damage,
        "since": None,
        "bytes_at_risk": row.size_bytes if lies_there else None,
        "rows_at_risk": None,
        "growing": False,
        "first_seen_at": row.first_seen_at,
        "looked_at": row.held_at,
        "gone_at": row.gone_at,
    }


_SHOWN: dict[str, Callable[[Any], dict[str, Any]]] = {
    "experiment": _experiment,
    "file": _file,
    "recording": _recording,
}
