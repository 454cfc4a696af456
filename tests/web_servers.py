"""nginx and Caddy as docs/https.md says, in front of the installation under test."""

import os
import re
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import urllib3

from ethonode.env import BASE_DIR
from lab.servers.processes import ServerFailed, free_port, program, running
from tests.incidents.sinks import certificate_for

NAME = "ethonode.lab.example"
HERE = "127.0.0.1"
NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log stderr; {user}
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
{documented}
}}
"""
CADDY = """
{{
    admin off
    skip_install_trust
    http_port {http}
    https_port {https}
    storage file_system {folder}
}}
{documented}
"""


class Front:
    """What asks it as a browser of that network does."""

    def __init__(self, http, https, certificate):
        self.by_http = urllib3.HTTPConnectionPool(HERE, http, retries=False, timeout=20)
        self.by_https = urllib3.HTTPSConnectionPool(
            HERE, https, retries=False, timeout=20, ca_certs=str(certificate), server_hostname=NAME,
            assert_hostname=NAME,
        )  # fmt: skip

    def is_known(self):
        """Whether it listens, and has its certificate."""
        try:
            return self.get("/healthz").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def get(self, path, **headers):
        return self.by_https.request("GET", path, headers=_named(headers), redirect=False)

    def get_by_http(self, path):
        return self.by_http.request("GET", path, headers=_named({}), redirect=False)

    def post(self, path, fields, **headers):
        kinds = {"encode_multipart": False, "redirect": False}
        return self.by_https.request_encode_body("POST", path, fields, _named(headers), **kinds)


def _named(headers):
    return {"Host": NAME} | {name.replace("_", "-"): value for name, value in headers.items()}


def nginx(folder, site, videos):
    """With `ETHONODE_SENDFILE=x-accel-redirect` it reads `videos` itself."""
    return _on_free_ports(partial(_nginx, folder, site, videos))


def caddy(folder, site):
    """With a certificate of its own, as inside a lab."""
    return _on_free_ports(partial(_caddy, folder, site))


@contextmanager
def _on_free_ports(begin):
    """Somebody else may take a port that was free a moment ago: then others."""
    with ExitStack() as stack:
        yield _begun(stack, begin)


def _begun(stack, begin, *, tries=3):
    try:
        return stack.enter_context(begin(free_port(), free_port()))
    except ServerFailed as error:
        if tries == 1 or "address already in use" not in str(error).lower():
            raise
        return _begun(stack, begin, tries=tries - 1)


@contextmanager
def _nginx(folder, site, videos, http, https):
    certificate, key = certificate_for(NAME, folder)
    documented = _documented(
        "nginx",
        {
            "http://127.0.0.1:8000": site, "listen 443": f"listen {HERE}:{https}",
            "listen 80": f"listen {HERE}:{http}", "/etc/ssl/ethonode.pem": str(certificate),
            "/etc/ssl/ethonode.key": str(key), "/ethoscope_data/videos/": f"{videos}/",
        },
    )  # fmt: skip
    user = "user root;" if os.geteuid() == 0 else ""  # to read what only the tests' account may
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, user=user, documented=documented))
    front = Front(http, https, certificate)
    with running([program("nginx"), "-c", str(config)], folder, front.is_known):
        yield front


@contextmanager
def _caddy(folder, site, http, https):
    documented = _documented(
        "Caddy", {"127.0.0.1:8000": site.removeprefix("http://"), "}\n": "    tls internal\n}\n"}
    )
    config = folder / "Caddyfile"
    config.write_text(CADDY.format(folder=folder, http=http, https=https, documented=documented))
    root = folder / "pki" / "authorities" / "local" / "root.crt"
    command = [program("caddy"), "run", "--config", str(config), "--adapter", "caddyfile"]
    front = Front(http, https, root)
    with running(command, folder, lambda: root.exists() and front.is_known()):
        yield front


def _documented(title, instead):
    """The block of that title, with the test's places in place of those of a lab."""
    page = Path(BASE_DIR, "docs/https.md").read_text()
    [block] = re.findall(rf"## {title}\n```\n(.+?)```", page, re.DOTALL)
    for theirs, ours in instead.items():
        assert theirs in block, theirs
        block = block.replace(theirs, ours)
    return block
