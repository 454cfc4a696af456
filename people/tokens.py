"""Tokens of programs: made with a name, a scope and an end; gone with their owner's password."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, User
from django.utils import timezone
from knox.models import AuthToken

from people.models import ApiToken, TokenScope

BY_PASSWORD = "By name and password"  # noqa: S105  a name, not a password


def make_token(owner: User, *, name: str, scope: TokenScope, ends: date) -> tuple[ApiToken, str]:
    """The token's row, and its raw key, which is kept nowhere. It works to the end of that day."""
    end = datetime.combine(ends + timedelta(days=1), time(), UTC)
    token, key = AuthToken.objects.create(owner, expiry=end - timezone.now())
    described = ApiToken.objects.get(token=token)
    described.name, described.scope = name, scope
    described.save()
    return described, key


def describe(instance: AuthToken, created: bool, **_: Any) -> None:  # noqa: FBT001  a signal's
    """A receiver: a token that /api/v1/auth/login/ made is in the list, too."""
    if created:
        ApiToken.objects.create(token=instance, name=BY_PASSWORD, scope=TokenScope.ADMIN)


class EndsTokens:
    """Among AUTH_PASSWORD_VALIDATORS: Django tells them of each change, however it is made."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """It has no opinion of passwords."""

    def get_help_text(self) -> str:
        return "Tokens of programs that you made end with the old password."

    def password_changed(self, password: str, user: AbstractBaseUser | None = None) -> None:
        if user is not None:
            AuthToken.objects.filter(user=user.pk).delete()
