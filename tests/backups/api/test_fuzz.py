"""The whole API by its own schema, asked by everybody: no answer that it does not name, no failure
of ours, and nothing for who has no right.

`make fuzz-api` asks ten times as much, or CASES times.
"""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import schemathesis
from django.contrib.auth.models import Group, User
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from people.models import TokenScope
from people.tokens import make_token

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(7200)]
EXAMPLES = int(os.environ.get("ETHONODE_API_CASES", "1"))
LONG = "ETHONODE_API_CASES" in os.environ
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
HERE = "/api/v1/"
DECIDES = ("/park/", "/retire/", "/take_back/", "/write_off/", "/keep_left/", "/clear/")
EVERYBODY = {  # name -> role of the owner, and the scope of the token
    "nobody": ("", None),
    "someone without a right": ("", TokenScope.ADMIN),
    "viewer": ("viewer", TokenScope.ADMIN),
    "operator": ("operator", TokenScope.ADMIN),
    "admin": ("admin", TokenScope.ADMIN),
    "an admin's token to read": ("admin", TokenScope.READ),
    "an admin's token to operate": ("admin", TokenScope.OPERATE),
}
IN_SHORT = {"nobody", "an admin's token to read", "admin"}
ASKING = [name for name in EVERYBODY if LONG or name in IN_SHORT]


@pytest.fixture
def schema(one_of_each, queue, admin_user):
    _, key = make_token(admin_user, name="x", scope=TokenScope.ADMIN, ends=_tomorrow())
    headers = {"Authorization": f"Token {key}"}
    app = get_wsgi_application()
    return schemathesis.openapi.from_wsgi(f"{HERE}schema/?format=json", app, headers=headers)


@pytest.fixture
def headers():
    def headers(who):
        role, scope = EVERYBODY[who]
        if scope is None:
            return {}
        owner = User.objects.create_user("somebody", is_staff=True)
        owner.groups.set(Group.objects.filter(name=role))
        _, key = make_token(owner, name="x", scope=scope, ends=_tomorrow())
        return {"Authorization": f"Token {key}"}

    return headers


@pytest.mark.parametrize("who", ASKING)
def test_who_asks_what(schema, headers, who, record_property):
    sent, asked = headers(who), []
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path != f"{HERE}auth/logout/":  # which ends the token
            _ask(operation, sent, who, asked)
    record_property("answered", {code: asked.count(code) for code in sorted(set(asked))})
    assert len(asked) >= 40


def _ask(operation, headers, who, asked):
    for mode in list(GenerationMode) if LONG else [GenerationMode.POSITIVE]:
        asking = operation.as_strategy(generation_mode=mode)

        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            derandomize=not LONG,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(asking)
        def ask(case):
            response = case.call(headers=headers)
            asked.append(response.status_code)
            case.validate_response(response, checks=checks_of(case))
            assert response.status_code >= 300 or may(who, case), (who, case, response.content)

        nothing_to_get_wrong = Unsatisfiable if mode is GenerationMode.NEGATIVE else ()
        with suppress(nothing_to_get_wrong):  # it has neither a parameter nor a body
            ask()


def checks_of(case):
    """Who asks for some fields gets rows without the others, which the schema requires."""
    asks_for_part = "fields" in (case.query or {})
    return [one for one in CHECKS if not asks_for_part or one is not response_schema_conformance]


def may(who, case):
    """Whether anything at all may be answered but a refusal."""
    if who in {"nobody", "someone without a right"}:
        return False
    if case.method == "GET" or who == "admin":
        return True
    operates = who in {"operator", "an admin's token to operate"}
    return operates and not case.path.endswith(DECIDES)


def _tomorrow():
    return (datetime.now(UTC) + timedelta(days=1)).date()
