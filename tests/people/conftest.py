"""People of each role, and what they may."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

PASSWORD = "correct horse 7"


@pytest.fixture
def someone(db):
    """A person of a role, whose password is PASSWORD; no role: one who may nothing."""

    def make(role="", *, name="", **fields):
        user = User.objects.create_user(
            name or {"admin": "chief"}.get(role, role) or "nobody",
            password=PASSWORD,
            is_staff=True,
            **fields,
        )
        if role:
            user.groups.add(Group.objects.get(name=role))
        return user

    return make


@pytest.fixture
def as_role(someone):
    """A browser in which a person of this role is logged in."""

    def log_in(role):
        client = Client()
        client.force_login(someone(role))
        return client

    return log_in
