"""A small simulated lab, and ethonode pointed at it."""

import pytest
from django.contrib.auth.models import Permission, User
from rest_framework.test import APIClient

from lab.server import Lab
from tests.nodes import node_of


@pytest.fixture
def lab(tmp_path):
    with Lab(root=tmp_path / "lab", devices=6, chunks=60, restless=False) as running:
        yield running


@pytest.fixture
def site(lab, settings, tmp_path):
    """Settings that point at the lab; the cache has a folder of its own."""
    settings.NODES = [node_of(lab)]
    settings.DEVICE_PORT = lab.device_port
    settings.VIDEOS_DIR = lab.videos_dir
    settings.RESULTS_DIR = lab.results_dir
    settings.CARDS_DIR = lab.results_dir.parent / "cards_here"
    settings.VIDEO_CACHE_DIR = tmp_path / "cache"
    return settings


@pytest.fixture
def person(db):
    """Make a client that is logged in as someone with just these permissions."""

    def person(*permissions, **client_options):
        user = User.objects.create_user(f"someone{User.objects.count()}", is_staff=True)
        for permission in permissions:
            app_label, codename = permission.split(".")
            user.user_permissions.add(
                Permission.objects.get(content_type__app_label=app_label, codename=codename)
            )
        client = APIClient(**client_options)
        client.force_login(user)
        return client

    return person
