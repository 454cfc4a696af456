"""An address with a successor: it works on, and says in each answer since when, and what is next.

The rules are in docs/api.md: RFC 9745 (`Deprecation`), RFC 8594 (`Sunset`, once a day is named).
"""

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

if TYPE_CHECKING:
    Base = GenericViewSet[Any]
else:
    Base = object


class Deprecated(Base):
    """`successor`: the name of the list to ask instead."""

    successor = ""
    deprecated_since = ""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        since = datetime.combine(date.fromisoformat(self.deprecated_since), time(), UTC)
        answer["Deprecation"] = f"@{since.timestamp():.0f}"
        address = reverse(f"api:{self.successor}-list")
        answer["Link"] = f'<{address}>; rel="successor-version"'
        return answer
