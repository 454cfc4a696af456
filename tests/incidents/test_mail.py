"""Mail to a real server: what it refuses waits, and what comes twice has one Message-ID."""

import ssl
from datetime import timedelta
from types import SimpleNamespace

import pytest

from incidents.models import Channel, Delivery
from incidents.services import channels_due, send_due
from incidents.services.secrets import seal
from tests.incidents.sinks import MailSink, certificate_for, running


@pytest.fixture
def post(fleet, settings):
    """A channel by mail, of which a test says the server and the way; one device is damaged."""
    settings.ALERT_NETWORKS = ["127.0.0.0/8"]
    channel = Channel(name="mail", least_severity="notice")

    def by(address):
        seal(channel, address)
        channel.save()
        fleet.damage(fleet.grow(1)[0])
        fleet.after(minutes=5)

    def deliver():
        for one in channels_due(now=fleet.now):
            send_due(one, clock=lambda: fleet.now)
        return Delivery.objects.get(event="opened")

    return SimpleNamespace(by=by, deliver=deliver)


def later(fleet):
    fleet.after(hours=1)


def test_a_server_that_is_away_gets_each_mail_once_when_it_is_back(fleet, post):
    with running(MailSink()) as mail:
        post.by(mail.address)
        mail.refuse = "451 try again later"
        assert "try again later" in post.deliver().answer
    later(fleet)
    assert post.deliver().state == "waiting"  # nobody is there
    mail = MailSink(port=mail.port)
    with running(mail):
        later(fleet)
        assert post.deliver().state == "sent"
        later(fleet)
        post.deliver()
    assert len(mail.got) == 1


def test_what_is_sent_again_after_a_death_has_the_same_message_id(fleet, post):
    with running(MailSink()) as mail:
        post.by(mail.address)
        post.deliver()
        Delivery.objects.update(state="waiting", sent_at=None)  # nobody wrote down its answer
        post.deliver()
    first, second = mail.keys
    assert first == second
    assert first.endswith("@ethonode>")


@pytest.mark.parametrize("offers", ["no TLS", "a certificate of another", "one of its own making"])
def test_no_mail_goes_where_tls_is_refused_or_false(fleet, post, tmp_path, offers):
    tls = None
    if offers != "no TLS":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        name = "elsewhere.example" if "another" in offers else "127.0.0.1"
        tls.load_cert_chain(*certificate_for(name, tmp_path))
    with running(MailSink(tls=tls)) as mail:
        post.by(mail.address_by("starttls"))
        refused = post.deliver()
        assert refused.state == "waiting"
        assert ("certificate" if tls else "STARTTLS") in refused.answer
        assert refused.not_before - fleet.now == timedelta(minutes=1)
    assert mail.got == []
