"""The schema as people and programs meet it: its page, its groups, and a client made out of it."""

import importlib
import subprocess
import sys

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer2
from knox.models import AuthToken

from backups.api.schema import examples
from backups.api.subjects import SUBJECT_OF, TAGS
from tests.browsers import browser_page, log_in
from tests.served import served, session_of_boss

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator().get_schema(public=True)


def operations(schema):
    return {
        (path, method): one
        for path, methods in schema["paths"].items()
        for method, one in methods.items()
        if isinstance(one, dict)
    }


def test_every_address_has_a_subject_and_says_what_it_is(schema):
    known = [tag["name"] for tag in schema["tags"]]
    assert known == [tag["name"] for tag in TAGS]
    for (path, _), operation in operations(schema).items():
        assert operation["tags"] == [SUBJECT_OF[path.split("/")[3]]]
        assert operation["description"]
        assert set(operation["tags"]) <= set(known)


def test_every_refusal_is_in_it(schema):
    for (path, method), operation in operations(schema).items():
        expected = {"400", "401", "403"} | ({"404"} if "{" in path else set())
        expected |= {"409", "429", "503"} if method == "post" else set()
        assert expected <= operation["responses"].keys(), path


@pytest.mark.parametrize("name", examples())
def test_an_example_has_the_fields_of_its_shape(schema, name):
    shape = schema["components"]["schemas"][name]
    assert shape["example"] == examples()[name]
    assert set(shape["example"]) == set(shape["properties"])


def test_its_page_is_drawn_from_here_alone(device):
    asked, said = [], []
    session = session_of_boss()
    with served() as address, browser_page(patience=20_000, color_scheme="dark") as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message))
        log_in(page, address, session)
        page.goto(f"{address}/api/v1/docs/")
        page.wait_for_selector(".opblock-tag")
        tags = page.query_selector_all(".opblock-tag")
        names = [tag.get_attribute("data-tag") for tag in tags]
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert names == [tag["name"] for tag in TAGS]
    assert ground == "rgb(17, 24, 39)"
    assert [one.text for one in said if one.type in {"error", "warning"}] == []
    assert {url for url in asked if not url.startswith((address, "data:"))} == set()


@pytest.fixture
def made_client(tmp_path, monkeypatch, schema):
    """As a lab would make one."""
    (tmp_path / "schema.json").write_bytes(OpenApiJsonRenderer2().render(schema, None, {}))
    (tmp_path / "config.yml").write_text("post_hooks: []")  # no clean-up of its looks
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", "schema.json"]
    command += ["--output-path", "ethonode_client", "--meta", "none", "--config", "config.yml"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "warning" not in run.stdout.casefold()
    monkeypatch.syspath_prepend(str(tmp_path))
    return lambda name: importlib.import_module(f"ethonode_client.{name}")


def test_a_client_made_out_of_it_works(made_client, device, take, admin_user):
    take(device, "sqlite")
    _, token = AuthToken.objects.create(admin_user)
    people = made_client("client").AuthenticatedClient
    fleet = [made_client(f"api.fleet.{name}") for name in ("devices_list", "devices_park_create")]
    with served() as address:
        with people(base_url=address, token=token, prefix="Token") as client:
            (row,) = fleet[0].sync(client=client).results
            parked = fleet[1].sync(row.device_id, client=client)
            refused = fleet[1].sync("nobody", client=client)
        with people(base_url=address, token="x", prefix="Token") as client:
            stranger = fleet[0].sync(client=client)
    assert (row.device_id, row.verdict) == (device.device_id, "protected")
    assert parked.lifecycle == "parked"
    assert (refused.status, refused.code) == (404, "not_found")
    assert stranger.status == 401
