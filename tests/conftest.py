"""The whole cast: a moment, a device, and what is known of it."""

from datetime import UTC, datetime

import pytest

from devices.models import Device

pytest_plugins = ["tests.suite.fixtures"]


@pytest.fixture
def now():
    return datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def device(db, now):
    return Device.objects.create(
        device_id="0192c3d4e5f60718293a4b5c6d7e8f90",
        name="ETHOSCOPE_019",
        reported_status="stopped",
        first_seen_at=now,
        told_at=now,
        told_by="node",
        inventory_read_at=now,
    )
