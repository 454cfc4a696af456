"""Addresses with ids, filters and parameters that cannot be, over everything that is registered."""

import json
import re
from itertools import product

import pytest
from django.db import DataError, transaction

from devices.models import DeviceGroup, Experiment
from ethonode.odd_requests import OddRequests
from ethonode.urls import admin
from tests.backups.api.shapes import PROBLEM

BIG = "9" * 25
ODD = [BIG, "abc", "%00"]
ODD_KEYS = [BIG, "abc", "_00", "%ff" * 1000]
LOOKUPS = ["__in", "__gte", "__year", "__range", "__id__exact"]
ENDS = ["__exact", "__id__exact", "_from", "_from_0"]
OF_LISTS = ["q", "p", "o", "all", "e", "_facets", "_popup", "_to_field"]
ELSEWHERE = [
    "/admin/search/?s=%00&extended=1",
    "/admin/search/?s=a&page=abc",
    "/admin/search/?s=a&page=9999",
    f"/admin/search/?s=a&page={BIG}",
    f"/admin/r/{BIG}/{BIG}/",
    "/admin/r/1/%00/",
    f"/admin/auth/user/{BIG}/password/",
    "/admin/jsi18n/?language=%00",
    *(
        f"/admin/autocomplete/?app_label=devices&model_name=experiment&field_name=device&{query}"
        for query in ("term=%00", "term=a&page=abc", f"term=a&page={BIG}")
    ),
]
TRIED = 12  # of each model, where some are drawn
FINE = {200, 301, 302, 400, 403, 404, 405}
MODELS = [
    pytest.param(model, id=f"{model._meta.app_label}.{model.__name__}")
    for model in admin.site._registry
]


@pytest.fixture
def rows(admin_client, device, now):
    Experiment.objects.create(
        device=device, writer="sqlite", filename="run.db", first_seen_at=now, listed_at=now
    )
    DeviceGroup.objects.create(name="Incubator A")
    admin_client.raise_request_exception = False


def address(model):
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def with_key(pattern, key):
    """A pattern of Django's, or of a history, with every part filled in."""
    if pattern.startswith("^"):
        return re.sub(r"\(\[\^/\]\+\)", lambda _: key, pattern).strip("^$")
    return re.sub(r"<[^>]+>", lambda _: key, pattern)


def filters(model):
    declared = admin.site._registry[model].list_filter
    return [entry[0] if isinstance(entry, tuple) else entry for entry in declared]


def own_words(model):
    """What its list is asked for by its own links, each odd."""
    fixed = [f.parameter_name for f in filters(model) if hasattr(f, "parameter_name")]
    return [f"{name}={value}" for name, value in product(OF_LISTS + fixed, ODD)]


def lookups(model):
    """Of its filters and of its columns, one of each type, every one."""
    declared = [name for name in filters(model) if isinstance(name, str)]
    typical = {type(field): field.name for field in model._meta.concrete_fields}.values()
    names = [name + lookup for name, lookup in product(typical, LOOKUPS)]
    names += [f"{name}{end}" for name, end in product(declared, ENDS)]
    return [f"{name}={value}" for name, value in product(dict.fromkeys(names), ODD[:2])]


@pytest.mark.parametrize("model", MODELS)
def test_no_list_breaks_whatever_it_is_asked_for(admin_client, rows, model, draw):
    asked = [f"{address(model)}?{query}" for query in own_words(model)]
    assert len(asked) >= 24
    assert not broken(admin_client.get, draw(asked, TRIED))


@pytest.mark.parametrize("model", MODELS)
def test_no_list_breaks_whatever_column_is_looked_up(admin_client, rows, unrendered, model, draw):
    asked = [f"{address(model)}?{query}" for query in lookups(model)]
    assert len(asked) >= 10
    assert not broken(admin_client.get, draw(asked, TRIED))


def pages_of_one(model, keys):
    """Pages, their dialogs, and what is posted to them; the history of third parties too."""
    patterns = {str(found.pattern) for found in admin.site._registry[model].get_urls()}
    return {address(model) + with_key(one, key) for one, key in product(patterns, keys)}


@pytest.mark.parametrize("model", MODELS)
def test_no_page_of_one_breaks_whatever_its_key(admin_client, rows, unrendered, model, draw):
    """What a page is made of does not hang on which odd key it is: one of them is rendered."""
    paths = draw(pages_of_one(model, ODD_KEYS[1:]), TRIED)
    assert not broken(admin_client.get, paths)
    assert not broken(admin_client.post, paths)


@pytest.mark.parametrize("model", MODELS)
def test_no_page_of_one_breaks_as_it_is_rendered(admin_client, rows, model):
    paths = pages_of_one(model, ODD_KEYS[:1])
    assert not broken(admin_client.get, paths)
    assert not broken(admin_client.post, paths)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("key", [BIG, "abc", "\0"])
def test_no_action_breaks_whatever_is_selected(admin_client, rows, model, key):
    chosen = {"action": "delete_selected", "_selected_action": [key], "index": key}
    assert admin_client.post(address(model), chosen).status_code in FINE


@pytest.mark.parametrize("path", ELSEWHERE)
def test_nor_does_what_belongs_to_no_model(admin_client, rows, path):
    assert admin_client.get(path).status_code in FINE


@pytest.mark.parametrize(
    "error", [OverflowError(), DataError(), UnicodeEncodeError("a", "", 0, 1, "")]
)
def test_what_no_database_can_hold_is_refused_by_the_api_in_its_one_shape(rf, error):
    answer = OddRequests(broken).process_exception(rf.get("/api/v1/devices/"), error)
    assert answer.status_code == 400
    assert list(json.loads(answer.content)) == PROBLEM


@pytest.mark.parametrize("error", [KeyError(), ValueError(), TypeError()])
def test_a_fault_of_ours_stays_one_where_nothing_odd_was_asked(rf, error):
    assert OddRequests(broken).process_exception(rf.get("/admin/backups/run/"), error) is None


def broken(ask, paths):
    return {path: code for path in paths if (code := alone(ask, path).status_code) not in FINE}


def alone(ask, path):
    """A server's requests share no transaction; PostgreSQL ends one with its first error."""
    mark = transaction.savepoint()
    try:
        return ask(path)
    finally:
        transaction.savepoint_rollback(mark)
