"""The password of a request, counted with those of the login page."""

from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django_otp import user_has_device
from drf_spectacular.authentication import BasicScheme
from rest_framework.authentication import BasicAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

SECOND_FACTOR = (
    "This account has a second factor, which a program cannot give: make a token on the page"
    " “API tokens”."
)


class CountedPassword(BasicAuthentication):
    """HTTP Basic. From where too many were wrong none is looked at, not even a right one.

    Not for those who set up a second factor: a password alone must not walk past it.
    """

    def authenticate_credentials(
        self, userid: str, password: str, request: Request | None = None
    ) -> tuple[Any, None]:
        if not AxesProxyHandler.is_allowed(request, {"username": userid}):
            raise Throttled(wait=int(settings.AXES_COOLOFF_TIME.total_seconds()))
        user, _ = super().authenticate_credentials(userid, password, request)
        if user_has_device(user):
            raise AuthenticationFailed(SECOND_FACTOR)
        return user, None


class CountedPasswordScheme(BasicScheme):  # type: ignore[no-untyped-call]
    """The same to the schema."""

    target_class = "backups.api.passwords.CountedPassword"
    name = "password"
