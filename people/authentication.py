"""The token of a request: knox's own, whose owner may no more than it was made for."""

from typing import Any

from django.contrib.auth.models import User
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from people.models import ApiToken, ScopedUser, TokenScope


class Token(TokenAuthentication):
    scopes = frozenset(TokenScope) - {TokenScope.BADGE}  # it stands in pages that anybody reads

    def authenticate(self, request: Request) -> Any:
        try:
            return super().authenticate(request)
        except UnicodeDecodeError as error:
            raise AuthenticationFailed("Invalid token.") from error

    def validate_user(self, auth_token: AuthToken) -> tuple[User, AuthToken]:
        user, token = super().validate_user(auth_token)
        scope = TokenScope(ApiToken.objects.get(token=token).scope)
        if scope not in self.scopes:
            raise AuthenticationFailed("Invalid token.")
        return ScopedUser.of(user, scope), token


class BadgeToken(Token):
    """Of a token that came in an address: a badge's, and no other."""

    scopes = frozenset({TokenScope.BADGE})


def owner_of_badge(key: str) -> User | None:
    """Who made this token for badges; None where it is none, or has ended."""
    if not (key.isascii() and key.isalnum()):
        return None
    try:
        user, _ = BadgeToken().authenticate_credentials(key.encode())
    except AuthenticationFailed:
        return None
    return User.objects.get(pk=user.pk)


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    """The same to the schema."""

    target_class = "people.authentication.Token"
    name = "token"
