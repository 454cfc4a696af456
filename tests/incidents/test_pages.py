"""Problems in the admin and over the API: what is shown, and what people may do."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from backups.engine.facts import BackupType
from devices.models import Device, DeviceGroup
from incidents.models import Channel, Delivery, Incident, Silence
from incidents.services.secrets import opened
from incidents.services.telling import PAGE

LIST = "/admin/incidents/incident/"


@pytest.fixture
def now():
    """A page has the real clock."""
    return timezone.now()


@pytest.fixture(autouse=True)
def _quick(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def incident(fleet, channel):
    one, *_ = fleet.grow(3)
    fleet.after(minutes=0)
    fleet.damage(one)
    fleet.after(minutes=0)
    return Incident.objects.get()


def text(client, url):
    page = client.get(url, follow=True)
    assert page.status_code == 200
    return page.content.decode()


def test_the_page_that_messages_lead_to(incident):
    assert PAGE.format(7) == reverse("admin:incidents_incident_change", args=[7])


def test_the_list_shows_what_is_open(admin_client, incident, fleet):
    page = text(admin_client, LIST)
    assert "A copy is damaged, or shrank" in page
    fleet.mend(incident.device)
    fleet.after(minutes=0)
    assert (
        "A copy is damaged, or shrank" not in text(admin_client, LIST).partition("result_list")[2]
    )
    assert "ETHOSCOPE_000" in text(admin_client, LIST + "?state=closed")


def test_a_page_says_why_then_and_what_to_do(admin_client, incident):
    page = text(admin_client, PAGE.format(incident.pk))
    assert "Why then: from protected to corrupt" in page
    assert "1 corrupt" in page
    assert "pull_results_now" in page
    assert "on lab: waiting" in page


@pytest.mark.parametrize("permissions", [("incidents.view_incident",), ()])
def test_the_bell_has_the_number_on_every_page(person, incident, permissions):
    page = text(person("devices.view_device", *permissions), "/admin/")
    assert ('class="bell bell-critical"' in page) is bool(permissions)


def test_the_bell_alone(person, incident):
    part = text(person("incidents.view_incident"), "/admin/bell/")
    assert "Open problems: 1 critical" in part
    assert text(person(), "/admin/bell/").strip() == ""


def post(client, incident, act, **data):
    url = reverse(f"admin:incidents_incident_{act}", args=[incident.pk])
    return client.post(url, {"_form_submitted": "on", **data})


def test_a_person_acknowledges_it(person, incident):
    looker = person("incidents.view_incident")
    assert post(looker, incident, "acknowledge", note="x", span=0).status_code == 403
    operator = person("incidents.view_incident", "incidents.acknowledge_incident")
    post(operator, incident, "acknowledge", note="I pull it again", span=4)
    incident.refresh_from_db()
    assert incident.note == "I pull it again"
    assert incident.acknowledged_until - incident.acknowledged_at == timedelta(hours=4)
    act = incident.acts.last()
    assert (act.what, act.by) == ("acknowledged", incident.acknowledged_by)
    assert "I pull it again" in text(operator, PAGE.format(incident.pk))


def test_a_person_silences_its_device(person, incident):
    operator = person("incidents.view_incident", "incidents.add_silence")
    post(operator, incident, "silence", reason="it is moved", whose="device", span=24)
    silence = Silence.objects.get()
    assert silence.device == incident.device
    assert silence.window.holds(timezone.now())
    post(operator, incident, "silence", reason="they are moved", whose="group", span=24)
    assert Silence.objects.count() == 1  # it is in none
    Device.objects.update(group=DeviceGroup.objects.create(name="incubator"))
    post(operator, incident, "silence", reason="they are moved", whose="group", span=24)
    assert Silence.objects.get(group__name="incubator").device is None


def test_the_api_lists_and_acknowledges(person, incident):
    operator = person("incidents.view_incident", "incidents.acknowledge_incident")
    (row,) = operator.get("/api/v1/incidents/?state=open").json()["results"]
    assert (row["cause"], row["severity"], row["device"]) == (
        "corrupt", "critical", incident.device.device_id
    )  # fmt: skip
    assert operator.get("/api/v1/incidents/?state=nonsense").status_code == 400
    url = f"/api/v1/incidents/{incident.pk}/"
    assert operator.get(url).json()["acts"][0]["what"] == "opened"
    past = (timezone.now() - timedelta(days=1)).isoformat()
    late = operator.post(f"{url}acknowledge/", {"note": "x", "until": past}, format="json")
    assert late.status_code == 409
    assert operator.post(f"{url}acknowledge/", {}, format="json").status_code == 400
    done = operator.post(f"{url}acknowledge/", {"note": "I know"}, format="json")
    assert done.json()["note"] == "I know"
    assert person().get("/api/v1/incidents/").status_code == 403


def test_an_address_goes_in_and_never_comes_out(admin_client, db):
    form = {
        "name": "chat", "enabled": "on", "sort": "apprise", "least_severity": "warning",
        "time_zone": "Europe/London", "hourly_limit": 20, "tell_ends": "on", "remind_every": "1 d",
        "address": "slack://TSECRET123/BSECRET123/XSECRET123",
    }  # fmt: skip
    page = admin_client.post("/admin/incidents/channel/add/", form, follow=True)
    assert "errornote" not in page.content.decode()
    channel = Channel.objects.get()
    assert opened(channel)[0] == form["address"]
    assert channel.schema == "slack"
    for url in ("", f"{channel.pk}/change/", f"{channel.pk}/history/"):
        assert "SECRET123" not in text(admin_client, f"/admin/incidents/channel/{url}")
    form |= {"name": "chat room", "address": ""}
    admin_client.post(f"/admin/incidents/channel/{channel.pk}/change/", form)
    channel.refresh_from_db()
    assert channel.name == "chat room"
    assert opened(channel)[0].startswith("slack://")


@pytest.mark.parametrize(
    ("sort", "address"),
    [
        ("apprise", ""),
        ("apprise", "https://x.example/"),
        ("apprise", "syslog://"),
        ("apprise", "nonsense"),
        ("webhook", "slack://a/b/c"),
        ("webhook", "file:///etc/passwd"),
    ],
)
def test_an_address_that_cannot_be_is_refused(admin_client, db, sort, address):
    form = {
        "name": "x", "sort": sort, "least_severity": "warning", "time_zone": "UTC",
        "hourly_limit": 20, "address": address,
    }  # fmt: skip
    admin_client.post("/admin/incidents/channel/add/", form)
    assert not Channel.objects.exists()


def test_a_test_message_is_queued_and_its_answer_shown(admin_client, channel, queue):
    url = reverse("admin:incidents_channel_test", args=[channel.pk])
    answer = admin_client.post(url, {"_form_submitted": "on"})
    delivery = Delivery.objects.get(event="test")
    assert answer.headers["HX-Redirect"].endswith(f"/delivery/{delivery.pk}/change/")
    assert queue() == ["incidents.tasks.send_to_channel"]
    page = f"/admin/incidents/delivery/{delivery.pk}/change/"
    assert "No answer yet" in text(admin_client, page)
    Delivery.objects.update(state="sent", answer="HTTP 200: thanks")
    assert "HTTP 200: thanks" in text(
        admin_client, f"/admin/incidents/delivery/{delivery.pk}/part/"
    )


def test_a_node_that_is_down_lists_its_followers(admin_client, fleet, channel):
    fleet.grow(5)
    fleet.after(minutes=0)
    fleet.now = timezone.now() - timedelta(hours=2)
    fleet.node_error = "no answer"
    fleet.pass_by(hours=1)
    node = Incident.objects.get(kind="node")
    page = text(admin_client, PAGE.format(node.pk))
    assert node.followers.count() >= 5
    assert f"{node.followers.count()} more follow from it" in page


def test_the_list_costs_the_same_for_many(admin_client, fleet, django_assert_max_num_queries):
    for device in fleet.grow(30):
        for kind in (BackupType.SQLITE, BackupType.VIDEO):
            fleet.damage(device, kind)
    fleet.after(minutes=0)
    with django_assert_max_num_queries(9 + 7):
        admin_client.get(LIST)
