"""What a token of a program is called and may do; the token itself is knox's, as a digest."""

from typing import Any

from django.contrib.auth.models import User
from django.db import models
from knox.models import AuthToken

from people.roles import PersonRole, permissions_of


class TokenScope(models.TextChoices):
    """At most this, and never more than its owner may."""

    BADGE = "badge", "Badge: only the badges of a wiki; it stands in an address"
    READ = "read", "Read"
    OPERATE = "operate", "Operate: also ask for backups, acknowledge, silence"
    ADMIN = "admin", "Admin: all that its owner may"


ROLE_OF_SCOPE = {TokenScope.READ: PersonRole.VIEWER, TokenScope.OPERATE: PersonRole.OPERATOR}


class ApiToken(models.Model):
    """`key`: the raw one, of one that was made just now; it is no column."""

    key = ""
    token = models.OneToOneField(AuthToken, on_delete=models.CASCADE, related_name="described")
    name = models.CharField(max_length=60, help_text="What uses it: “wall in room 3”")
    scope = models.CharField(
        "may", max_length=10, choices=TokenScope.choices, default=TokenScope.READ
    )

    class Meta:
        verbose_name = "API token"
        ordering = ["-token__created"]

    def __str__(self) -> str:
        return self.name


class ScopedUser(User):
    """Its owner as seen by a request with a token: the same person, who may less."""

    scope = TokenScope.READ

    class Meta:
        proxy = True
        default_permissions = ()

    @classmethod
    def of(cls, user: User, scope: TokenScope) -> "ScopedUser":
        names = [field.attname for field in User._meta.concrete_fields]
        db = user._state.db or "default"
        one = cls.from_db(db, names, [getattr(user, name) for name in names])
        one.scope = scope
        return one

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        if self.scope == TokenScope.BADGE:
            return False
        role = ROLE_OF_SCOPE.get(self.scope)
        return (role is None or perm in permissions_of(role)) and super().has_perm(perm, obj)
