"""A colleague comes in by a link that works once, and sets the password there."""

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from people.roles import PersonRole


def link_for(user: User, *, here: str) -> str:
    """To set a password. It ends with its use, with the next login, and after three days.

    `here`: by what address this site is reached, where no ETHONODE_PUBLIC_URL says it.
    """
    key = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    path = reverse("admin:set-password", args=[key, token])
    return (settings.PUBLIC_URL or here).rstrip("/") + path


def give_role(user: User, role: PersonRole | None) -> None:
    """This one of the three, and no other of them."""
    user.groups.remove(*Group.objects.filter(name__in=list(PersonRole)))
    if role is not None:
        user.groups.add(Group.objects.get(name=role))


def role_of(user: User) -> PersonRole | None:
    names = {group.name for group in user.groups.all()}
    return next((role for role in reversed(PersonRole) if role in names), None)
