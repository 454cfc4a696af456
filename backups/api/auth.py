"""Tokens for programs: log in with a name and a password, then send `Authorization: Token …`."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from knox.views import LoginView, LogoutView
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from backups.api.passwords import CountedPassword
from people.authentication import Token

TOKEN = inline_serializer(
    "Token", {"expiry": serializers.DateTimeField(), "token": serializers.CharField()}
)


class Login(LoginView):  # type: ignore[misc]
    """Give a new token for a name and a password. It is shown only here."""

    authentication_classes = [CountedPassword]
    permission_classes = [IsAuthenticated]

    @extend_schema(request=None, responses={200: TOKEN})
    def post(self, request: Request, format: str | None = None) -> Response:
        response: Response = super().post(request, format)
        return response


class Logout(LogoutView):  # type: ignore[misc]
    """Forget the token that this request was sent with."""

    authentication_classes = [Token]

    @extend_schema(request=None, responses={204: OpenApiResponse(description="Forgotten")})
    def post(self, request: Request, format: Any = None) -> Response:
        response: Response = super().post(request, format)
        return response
