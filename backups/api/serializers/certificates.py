"""Certificates, without what is in them: their files are given as they were signed."""

from rest_framework import serializers

from backups.models import WipeCertificate


class CertificateSerializer(serializers.ModelSerializer[WipeCertificate]):
    device = serializers.CharField(source="device_id_then", help_text="Its machine id")
    stands = serializers.BooleanField(
        read_only=True, help_text="It was not withdrawn, and the last look at it could be made"
    )

    class Meta:
        model = WipeCertificate
        fields = [
            "number", "device", "device_name", "made_at", "listed_at", "asked_by", "item_count",
            "size_bytes", "body_digest", "signed_by", "stands", "checked_at", "check_error",
            "withdrawn_at", "withdrawn_why",
        ]  # fmt: skip
