"""nginx and Caddy in front, real ones, with what docs/https.md tells to write into their files."""

import re
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from people.models import TokenScope
from people.tokens import make_token
from tests.served import served
from tests.web_servers import NAME, caddy, nginx

ELSEWHERE = "10.1.2.3"


@pytest.fixture
def by_https(settings, shelf):
    """As ETHONODE_PUBLIC_URL and ETHONODE_TRUSTED_PROXIES set it: see test_tls."""
    settings.ALLOWED_HOSTS = [NAME]
    settings.CSRF_TRUSTED_ORIGINS = [f"https://{NAME}"]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 60
    settings.TRUSTED_PROXIES = ["127.0.0.1/32", "::1/128"]
    settings.STATUS_NETWORKS = [f"{ELSEWHERE}/32"]


@pytest.fixture(params=["nginx", "caddy"])
def front(request, by_https, tmp_path, settings):
    folder = tmp_path / request.param
    folder.mkdir()
    with served() as site:
        if request.param == "nginx":
            settings.SENDFILE = "x-accel-redirect"
            with nginx(folder, site, settings.VIDEOS_DIR) as running:
                yield running
        else:
            with caddy(folder, site) as running:
                yield running


@pytest.fixture
def token(front):
    boss = User.objects.create_superuser("boss", password="long enough")
    tomorrow = (timezone.now() + timedelta(days=1)).date()
    _, key = make_token(boss, name="a program", scope=TokenScope.READ, ends=tomorrow)
    return {"Authorization": f"Token {key}"}


def test_http_leads_to_https_and_there_a_login_works(front):
    led = front.get_by_http("/admin/?x=1")
    assert led.status in {301, 308}
    assert led.headers["Location"] == f"https://{NAME}/admin/?x=1"
    User.objects.create_superuser("boss", password="long enough")
    page = front.get("/admin/login/")
    assert page.headers["Strict-Transport-Security"] == "max-age=60"
    [secret] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.data.decode())
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    fields = {"username": "boss", "password": "long enough", "csrfmiddlewaretoken": secret}
    entered = front.post(
        "/admin/login/?next=/admin/", fields, Cookie=cookie, Referer=f"https://{NAME}/admin/login/"
    )
    assert (entered.status, entered.headers["Location"]) == (302, "/admin/")
    session = next(c for c in entered.headers.getlist("Set-Cookie") if c.startswith("sessionid="))
    assert {"Secure", "HttpOnly"} <= set(session.split("; "))


def test_nobody_says_of_himself_where_he_is(front):
    lies = {"X_Forwarded_For": ELSEWHERE, "X_Real_IP": ELSEWHERE, "Forwarded": f"for={ELSEWHERE}"}
    assert front.get("/backup/status", **lies).status in {401, 403}
    assert front.get("/backup/status", X_Forwarded_For=f"{ELSEWHERE}, 127.0.0.1").status in {
        401, 403,
    }  # fmt: skip


def test_every_file_comes_whole_and_a_part_as_that_part(front, token, shelf):
    listed = front.get("/api/v1/files/", **token).json()["results"]
    assert {file["name"] for file in listed} == set(shelf.paths)
    for file in listed:
        content = shelf.paths[file["name"]].read_bytes()
        assert file["content"].startswith(f"https://{NAME}/")
        path = file["content"].removeprefix(f"https://{NAME}")
        whole = front.get(path, **token)
        assert (whole.status, whole.data) == (200, content)
        assert whole.headers["X-Content-Type-Options"] == "nosniff"
        part = front.get(path, Range="bytes=5-20", **token)
        assert (part.status, part.data) == (206, content[5:21])


def test_a_zip_comes_whole(front, token, shelf):
    packed = front.get(f"/api/v1/files/zip/?device={shelf.device.device_id}", **token)
    with zipfile.ZipFile(BytesIO(packed.data)) as read:
        for name, path in shelf.paths.items():
            assert read.read(name) == path.read_bytes()


def test_what_the_web_server_reads_itself_nobody_else_can_ask_for(front, shelf):
    [video] = [n for n in shelf.paths if n.endswith("_00001.h264")]
    for path in (f"/saved/{video}", f"/saved/videos/../{video}", f"/{video}"):
        assert front.get(path).status == 404


def test_a_link_put_in_place_of_a_video_is_not_followed(front, token, shelf):
    video = shelf.file(kind="video")
    path = shelf.paths[video.name]
    path.unlink()
    path.symlink_to("/etc/hostname")
    assert front.get(f"/api/v1/files/{video.id}/content/", **token).status in {404, 409}
