"""What verdicts rest on: snapshots, findings, and certificates."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from backups.api import filters, serializers
from backups.api.csv_lists import is_csv
from backups.api.paging import Pages
from backups.api.parameters import checked
from backups.api.serializers.certificates import CertificateSerializer
from backups.api.serializers.findings import FindingSerializer, finding_rows
from backups.api.viewsets import FIELDS, OurViewSet, RowViewSet
from backups.models import Backup, BackupSnapshot, WipeCertificate
from backups.services.certificates import FILE_NAMES, files_of


class SnapshotViewSet(RowViewSet):
    """The facts that were stored, newest first."""

    queryset = BackupSnapshot.objects.select_related("backup__device", "scan")
    serializer_class = serializers.SnapshotSerializer
    filterset_class = filters.SnapshotFilter
    lookup_value_regex = "[0-9]{1,18}"


class FindingViewSet(OurViewSet):
    """What is odd beside the verdicts, as the newest snapshot of each backup has it: where a
    daemon's claim, the device and the disk do not agree; and devices told of at two places."""

    queryset = Backup.objects.none()
    serializer_class = FindingSerializer
    filter_backends: list[type[Any]] = []
    pagination_class = Pages

    @extend_schema(parameters=[filters.FindingQuery])
    def list(self, request: Request) -> HttpResponseBase:
        rows = finding_rows(self.query().validated_data)
        if is_csv(request):
            return self.as_csv([rows])
        return self.get_paginated_response(self.paginate_queryset(rows))

    def query(self) -> filters.FindingQuery:
        return checked(filters.FindingQuery, self.request, besides={FIELDS, *Pages.parameters})

    def known_parameters(self) -> set[str]:
        return {FIELDS, *Pages.parameters, *filters.FindingQuery().fields}


class CertificateViewSet(RowViewSet):
    """The signed certificates of each “yes, this card may be wiped”. None is ever deleted; one
    that does not stand any more says why."""

    queryset = WipeCertificate.objects.defer("body", "sums")
    serializer_class = CertificateSerializer
    filterset_class = filters.CertificateFilter
    ordering_fields = ("id", "made_at")
    lookup_field = "number"
    lookup_value_regex = "[0-9A-Za-z_-]{1,100}"

    @extend_schema(
        operation_id="certificates_file",
        parameters=[OpenApiParameter("name", str, OpenApiParameter.PATH, enum=FILE_NAMES)],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    @action(detail=True, methods=["get"], url_path=r"files/(?P<name>[\w.]{1,40})")
    def file(self, request: Request, number: str, name: str) -> HttpResponse:
        """One of its files, byte by byte: what `ssh-keygen -Y verify` and `b2sum -c` check."""
        content = files_of(self.get_object()).get(name)
        if content is None:
            raise Http404
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(content, content_type="application/octet-stream", headers=headers)
