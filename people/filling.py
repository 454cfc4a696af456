"""After each migration: the three groups are there, and may exactly what the table says."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.models import Group, Permission

from people.roles import PersonRole, permissions_of


def fill_roles(sender: AppConfig, **_: Any) -> None:
    """For the permissions of one app, which Django has made just before."""
    own = Permission.objects.filter(content_type__app_label=sender.label)
    known = {f"{sender.label}.{one.codename}": one for one in own}
    for role in PersonRole:
        group, _is_new = Group.objects.get_or_create(name=role)
        held = set(group.permissions.filter(content_type__app_label=sender.label))
        meant = {known[name] for name in permissions_of(role) & known.keys()}
        group.permissions.remove(*held - meant)
        group.permissions.add(*meant - held)
