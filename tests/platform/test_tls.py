"""What changes when people come by https: a process of its own reads the settings."""

import json
import subprocess
import sys

import pytest

NAMES = [
    "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE",
    "SECURE_HSTS_SECONDS",
    "CSRF_TRUSTED_ORIGINS",
    "ALLOWED_HOSTS",
]


@pytest.fixture
def settings_with(tmp_path):
    def read(**variables):
        ask = "import json; from django.conf import settings as s; "
        ask += f"print(json.dumps([getattr(s, name) for name in {NAMES}]))"
        environment = {"DJANGO_SETTINGS_MODULE": "ethonode.settings", "PATH": "/usr/bin:/bin"}
        environment |= {"ETHONODE_VAR_DIR": str(tmp_path), "ETHONODE_SECRET_KEY": "x"}
        environment |= {f"ETHONODE_{name}": value for name, value in variables.items()}
        found = subprocess.run(
            [sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True
        )
        return dict(zip(NAMES, json.loads(found.stdout), strict=True))

    return read


def test_behind_https_cookies_go_by_https_only(settings_with):
    found = settings_with(PUBLIC_URL="https://ethonode.lab:8443/", HSTS_SECONDS="60")
    assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is True
    assert found["SECURE_HSTS_SECONDS"] == 60
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://ethonode.lab:8443"]
    assert "ethonode.lab" in found["ALLOWED_HOSTS"]


@pytest.mark.parametrize("variables", [{}, {"PUBLIC_URL": "http://ethonode.lab"}])
def test_without_it_a_login_works_by_http(settings_with, variables):
    found = settings_with(**variables)
    assert not found["SESSION_COOKIE_SECURE"]
    assert found["SECURE_HSTS_SECONDS"] == 0


@pytest.mark.django_db
def test_hsts_is_said_by_https_only(client, settings):
    settings.SECURE_HSTS_SECONDS, settings.TRUSTED_PROXIES = 60, ["127.0.0.1/32"]
    by_https = client.get("/healthz", headers={"X-Forwarded-Proto": "https"})
    assert by_https["Strict-Transport-Security"] == "max-age=60"
    assert "Strict-Transport-Security" not in client.get("/healthz")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/admin/login/", "/api/v1/nothing/", "/healthz", "/backup/status"]
)
def test_every_answer_says_what_it_may_load(client, path):
    policy = client.get(path)["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]


@pytest.mark.django_db
def test_whom_to_tell_of_a_hole(client, settings):
    assert client.get("/.well-known/security.txt").status_code == 404
    settings.SECURITY_CONTACT = "mailto:lab@example.org"
    lines = client.get("/.well-known/security.txt").content.decode().splitlines()
    assert lines[0] == "Contact: mailto:lab@example.org"
    assert lines[1].startswith("Expires: 20")
