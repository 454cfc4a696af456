"""The token of a request: knox's own, but for a header that is no text."""

from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request


class Token(TokenAuthentication):  # type: ignore[misc]
    def authenticate(self, request: Request) -> Any:
        try:
            return super().authenticate(request)
        except UnicodeDecodeError as error:
            raise AuthenticationFailed("Invalid token.") from error


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    """The same to the schema."""

    target_class = "backups.api.tokens.Token"
    name = "token"
