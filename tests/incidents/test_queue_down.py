"""Redis goes and comes: what was to be told waits in the database, and is sent once."""

from contextlib import suppress

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from incidents import tasks
from incidents.models import Channel, Delivery
from incidents.services.secrets import seal
from tests.incidents.sinks import MailSink, WebSink, running
from tests.servers import private_redis


@pytest.fixture
def now():
    """Tasks have the real clock."""
    return timezone.now()


@pytest.fixture(params=[WebSink, MailSink])
def sink(request, settings):
    settings.ALERT_NETWORKS = ["127.0.0.0/8"]
    with running(request.param()) as sink:
        yield sink


def test_nothing_is_lost_with_the_queue_and_nothing_comes_twice(fleet, sink, broker, tmp_path):
    channel = Channel(name="sink", sort=sink.sort, least_severity="notice")
    seal(channel, sink.address, signing_key="key")
    channel.save()
    one, *_ = fleet.grow(2)
    fleet.damage(one)
    fleet.look()
    with private_redis(tmp_path / "redis") as redis:
        url = redis.url.replace("unix://", "redis+socket://")
    broker(url)  # which is gone
    with suppress(OperationalError):
        tasks.watch()
    assert Delivery.objects.get().state == "waiting"
    with private_redis(tmp_path / "again") as redis:
        broker(redis.url.replace("unix://", "redis+socket://"))
        assert tasks.send_waiting() == "1 channels"
        assert tasks.send_waiting() == "1 channels"  # the same work stands in the queue twice
        for _ in range(2):
            tasks.send_to_channel(channel.pk)
    assert len(sink.got) == 1
    assert Delivery.objects.get().state == "sent"
