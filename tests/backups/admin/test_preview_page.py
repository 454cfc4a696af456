"""A look into a copy: what its page shows, and what it does not let through."""

import sqlite3
from contextlib import closing

import pytest

from backups.models import ResultCopy


@pytest.fixture
def copy(device, now, real, tmp_path, settings):
    settings.RESULTS_DIR, settings.MOMENTS_DIR = tmp_path, tmp_path / "moments"
    name = f"2026-11-22_11-06-37_{device.device_id}.db"
    (tmp_path / name).write_bytes(real.file("native_*.db").read_bytes())
    return ResultCopy.objects.create(
        device=device, path=name, filename=name, size_bytes=143360, modified_at=now,
        first_seen_at=now, state="usable", inspected_at=now,
    )  # fmt: skip


def page_of(copy):
    return f"/admin/backups/resultcopy/{copy.pk}/preview/"


def text(client, url):
    return " ".join(client.get(url).content.decode().split())


def test_words_rows_regions_and_pictures(admin_client, copy):
    shown = text(admin_client, page_of(copy))
    assert "asmith" in shown
    assert '<strong>METADATA</strong> <span class="quiet">14 rows</span>' in shown
    assert 'aria-label="20 regions over 16 minutes"' in shown
    assert "after 3 minutes" in shown
    assert page_of(copy) in text(admin_client, f"/admin/backups/resultcopy/{copy.pk}/change/")


def test_what_a_database_says_is_only_text(admin_client, copy, settings):
    with closing(sqlite3.connect(settings.RESULTS_DIR / copy.path)) as database, database:
        database.execute('CREATE TABLE "<script>alert(1)</script>" ("<b>")')
        database.execute("UPDATE METADATA SET value = '<img src=x>' WHERE field = 'machine_name'")
    shown = text(admin_client, page_of(copy))
    assert "<script>alert" not in shown
    assert "<img src=x>" not in shown
    assert "&lt;img src=x&gt;" in shown


def test_a_picture_is_a_picture_and_nothing_else(admin_client, copy):
    answer = admin_client.get(f"{page_of(copy)}picture/1/")
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert admin_client.get(f"{page_of(copy)}picture/7/").status_code == 409


def test_no_link_is_followed(admin_client, copy, settings, tmp_path):
    path = settings.RESULTS_DIR / copy.path
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert "It cannot be shown:" in text(admin_client, page_of(copy))
    assert admin_client.get(f"{page_of(copy)}picture/1/").status_code == 409


def test_who_may_not_see_copies_sees_nothing_of_them(client, copy, django_user_model):
    client.force_login(django_user_model.objects.create_user("bob", is_staff=True))
    assert client.get(page_of(copy)).status_code == 403


def test_one_at_rest_is_read_where_it_lies(admin_client, copy, monkeypatch, settings):
    monkeypatch.setattr("backups.engine.copies.one_moment.REST_SECONDS", -1e9)
    assert "asmith" in text(admin_client, page_of(copy))
    assert not settings.MOMENTS_DIR.exists()
