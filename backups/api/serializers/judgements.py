"""One backup: its verdict, what that rests on, and what is at risk."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from backups import words
from backups.api.rows import risk_row
from backups.dashboard import BackupStatus
from backups.engine.facts import Risk
from backups.engine.verdict import Verdict

VERDICTS = [verdict.value for verdict in Verdict]


def moment_of(serializer: serializers.BaseSerializer[Any]) -> datetime:
    """That of the answer, which may be about an earlier one."""
    now: datetime = serializer.context["now"]
    return now


class ProblemSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    since = serializers.DateTimeField()
    reason = serializers.CharField()
    rows = serializers.IntegerField(allow_null=True, help_text="At risk; null: nobody told")
    bytes = serializers.IntegerField(allow_null=True, help_text="At risk; null: nobody told")
    seconds = serializers.FloatField(allow_null=True, help_text="At risk; null: nobody told")
    listed = serializers.BooleanField(help_text="Read by ethonode itself, and not only told of")


class FactsSerializer(serializers.Serializer[Any]):
    """Facts of one moment: a null time is "never", a null count "never read"."""

    source_read_at = serializers.DateTimeField(allow_null=True)
    source_error = serializers.CharField()
    source_count = serializers.IntegerField(allow_null=True)
    source_changed_at = serializers.DateTimeField(allow_null=True)
    growing = serializers.BooleanField()
    written_off_count = serializers.IntegerField()
    disk_read_at = serializers.DateTimeField(allow_null=True)
    disk_error = serializers.CharField()
    copy_count = serializers.IntegerField()
    size_bytes = serializers.IntegerField()
    newest_copy_at = serializers.DateTimeField(allow_null=True)
    corrupt = ProblemSerializer(many=True)
    lost = ProblemSerializer(many=True)
    missing = ProblemSerializer(many=True)
    unproven = ProblemSerializer(many=True)
    behind = ProblemSerializer(many=True)
    lagging = ProblemSerializer(many=True)
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="Of problems, by kind: the lists are cut"
    )
    proofs = serializers.DictField(
        child=serializers.IntegerField(), help_text="Of saved items, by proof"
    )


class SecondsField(serializers.FloatField):
    """A span of time, in seconds."""

    def to_representation(self, value: Any) -> Any:
        return value.total_seconds()


class LimitsSerializer(serializers.Serializer[Any]):
    max_age_seconds = SecondsField(source="max_age")
    grace_seconds = SecondsField(source="grace")
    evidence_ttl_seconds = SecondsField(source="evidence_ttl")
    equal_within_seconds = SecondsField(
        source="equal_within", allow_null=True, help_text="Null: counts are enough"
    )


class RiskSerializer(serializers.Serializer[Any]):
    """What exists only on a card, as far as somebody told how much that is."""

    items = serializers.IntegerField(help_text="Experiments or recordings")
    untold = serializers.IntegerField(help_text="Of them, those of which nobody told how much")
    rows = serializers.IntegerField(allow_null=True, help_text="Null: nobody told")
    bytes = serializers.IntegerField(allow_null=True, help_text="Null: nobody told")
    seconds = serializers.FloatField(
        allow_null=True, help_text="Of tracking or film; null: nobody told"
    )
    timeless = serializers.IntegerField(help_text="Items of which nobody told for how long")
    listed = serializers.IntegerField(help_text="Items listed by ethonode; of others it was told")
    blind = serializers.IntegerField(help_text="Backups of which nobody can say now")
    at_least = serializers.BooleanField(help_text="There may be more than is added up")
    since = serializers.DateTimeField(allow_null=True)

    def to_representation(self, risk: Risk) -> dict[str, Any]:
        return super().to_representation(risk_row(risk))


class BackupRowSerializer(serializers.Serializer[Any]):
    """One backup in a list: the verdict, the rule that gave it, and what is here."""

    verdict = serializers.ChoiceField(VERDICTS, source="judgement.verdict")
    rule = serializers.CharField(source="judgement.rule")
    sentence = serializers.SerializerMethodField(help_text="The same words as in the admin")
    at_risk = RiskSerializer(source="risk")
    since = serializers.DateTimeField(source="judgement.since", allow_null=True)
    taken_at = serializers.DateTimeField(allow_null=True)
    copy_count = serializers.IntegerField(source="facts.copy_count")
    size_bytes = serializers.IntegerField(source="facts.size_bytes")
    newest_copy_at = serializers.DateTimeField(source="facts.newest_copy_at", allow_null=True)
    processing = serializers.BooleanField()

    def get_sentence(self, backup: BackupStatus) -> str:
        return words.sentence(backup, now=moment_of(self))


class BackupDetailSerializer(BackupRowSerializer):
    """One backup in full: what the verdict rests on, and what would clear it."""

    evidence = serializers.ListField(child=serializers.CharField(), source="judgement.evidence")
    clears = serializers.CharField(source="judgement.clears")
    claim = serializers.CharField(help_text="What the service says: proves nothing")
    findings = serializers.ListField(child=serializers.CharField(), source="facts.findings")
    facts = FactsSerializer()
    limits = LimitsSerializer()
