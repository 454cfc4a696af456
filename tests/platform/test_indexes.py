"""An index of some rows serves only a question that SQLite can see to be about those rows."""

import pytest
from django.apps import apps

LONG_AGO = "2000-01-01T00:00:00Z"
OF_SOME_ROWS = [
    (model, index)
    for model in apps.get_models()
    for index in model._meta.indexes
    if index.condition
]


@pytest.mark.django_db
@pytest.mark.sqlite_only(reason="PostgreSQL reads a table of few rows without any index")
@pytest.mark.parametrize(("model", "index"), OF_SOME_ROWS, ids=lambda one: getattr(one, "name", ""))
def test_an_index_of_some_rows_is_used_for_them(model, index):
    first, *_ = index.fields
    asked = model._default_manager.filter(index.condition, **{f"{first.strip('-')}__gte": LONG_AGO})
    plan = asked.order_by(*index.fields).explain()
    assert f"USING INDEX {index.name} " in plan
