"""The page of one device: one sentence, one button that mends it, and a tab for all the rest."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backups.admin.device_page import TABS
from backups.engine.facts import Problem
from backups.models import (
    CardReading,
    Policy,
    RecordingLedger,
    Run,
    WipeCertificate,
    WipeQuestion,
)
from backups.services.runs import KINDS
from devices.models import Device, DeviceGroup, Experiment, Lifecycle

DEVICES = "/admin/devices/device/"
LOOKING = ("devices.view_device", "backups.view_run")
STARTING = (*LOOKING, "backups.start_run")


@pytest.fixture(autouse=True)
def _reachable(device):
    device.address = "10.0.0.5"
    device.save()


@pytest.fixture
def url(device):
    return f"{DEVICES}{device.pk}/"


@pytest.fixture
def page_of(admin_client, url):
    def page_of(tab="", client=admin_client):
        answer = client.get(f"{url}change/?tab={tab}")
        assert answer.status_code == 200
        return " ".join(answer.content.decode().split())

    return page_of


@pytest.fixture
def experiment(device, now):
    def experiment(writer="sqlite", **facts):
        times = {"first_seen_at": now, "listed_at": now}
        return Experiment.objects.create(
            device=device, writer=writer, filename=f"{writer}.db", **times | facts
        )

    return experiment


@pytest.fixture
def ended(device, now):
    def ended(kind, state="succeeded", **facts):
        times = {"queued_at": now, "not_before": now, "ended_at": now - timedelta(hours=3)}
        words = {"device": device, "kind": kind, "trigger": "schedule", "state": state}
        return Run.objects.create(**words | times | facts)

    return ended


@pytest.fixture
def missing(device, take, now):
    """Something of a type is on the device, and not here."""

    def missing(backup_type="sqlite"):
        old = Problem("run.db", now - timedelta(days=1), "the disk holds no copy", 5)
        return take(device, backup_type, missing=(old,))

    return missing


def main_button(page):
    """The address that the one main button posts to; "": there is none."""
    forms = [part for part in page.split("<form ")[1:] if "main-button" in part.split("</form>")[0]]
    assert len(forms) <= 1
    return forms[0].partition('action="')[2].partition('"')[0] if forms else ""


@pytest.mark.parametrize(
    ("backup_type", "kind"),
    [("mysql", "mirror"), ("sqlite", "pull_results"), ("video", "pull_videos")],
)
def test_what_is_missing_is_brought_by_the_one_main_button(
    page_of, url, experiment, missing, backup_type, kind
):
    if backup_type != "video":
        experiment(backup_type)
    missing(backup_type)
    assert main_button(page_of()) == f"{url}start/{kind}/"


def test_a_green_device_has_nothing_to_press(page_of, device, take):
    take(device)
    page = page_of()
    assert main_button(page) == ""
    assert "There is nothing to do." in page


@pytest.mark.parametrize(
    ("ill", "says"),
    [
        ({"read_only": True}, "it is mounted read-only"),
        ({"errors": 3}, "its file system has counted 3 errors"),
        ({"free_bytes": 0}, "Its card:"),
    ],
)
def test_of_a_green_device_whose_card_ails_each_tab_says_so(page_of, device, take, now, ill, says):
    take(device)
    facts = {"size_bytes": 10**9, "free_bytes": 9 * 10**8} | ill
    CardReading.objects.create(device=device, read_at=now, since=now, **facts)
    for tab in ("backups", "runs", "settings"):
        head = page_of(tab).partition('id="device-head"')[2].partition("</section>")[0]
        assert says in head
        assert "There is nothing to do." not in head


def test_a_device_that_nobody_looked_at_is_looked_at(page_of, url):
    assert main_button(page_of()) == f"{url}look/"


def test_a_device_that_does_not_answer_has_to_be_on_or_parked(page_of, url, device, take):
    take(device, source_read_at=None)
    Device.objects.update(inventory_error="no answer")
    page = page_of()
    assert main_button(page) == f"{url}look/"
    assert "see whether it is on" in page
    assert '<a class="underline" href="?tab=settings">Park it</a>' in page


def test_evidence_that_is_too_old_is_renewed(page_of, url, device, take, now):
    take(device, disk_read_at=now - timedelta(days=2), source_read_at=now)
    assert main_button(page_of()) == f"{url}look/"


@pytest.mark.parametrize(
    ("backup_type", "kind"), [("sqlite", "list_card"), ("video", "list_card"), ("mysql", "mirror")]
)
def test_what_only_its_name_speaks_for_is_shown_by_the_card_or_by_a_mirror(
    page_of, url, device, take, now, experiment, backup_type, kind
):
    experiment("mysql")
    unproven = (Problem("run.db", now - timedelta(days=3), "only its name speaks for it"),)
    take(device, backup_type, unproven=unproven)
    assert main_button(page_of()) == f"{url}start/{kind}/"


def test_where_the_policy_asks_for_equal_contents_they_are_proven(page_of, url, device, take, now):
    Policy.objects.update(equal_within=timedelta(days=1))
    take(device, counted_since=now - timedelta(days=2))
    assert main_button(page_of()) == f"{url}start/prove/"


def test_what_is_damaged_is_brought_anew_or_read_again(page_of, url, experiment, device, take, now):
    take(device, corrupt=(Problem("run.db", now, "malformed"),))
    Run.objects.all().delete()
    assert "cannot work" in page_of()
    experiment()
    assert main_button(page_of()) == f"{url}start/pull_results/"


def test_of_what_is_lost_no_button_promises_anything(page_of, device, take, now):
    take(device, lost=(Problem("run.db", now, "purged on the device"),))
    page = page_of()
    assert main_button(page) == ""
    assert "Nothing brings it back" in page


@pytest.mark.parametrize("failure", ["KeyRefused", "HostKeyChanged"])
def test_a_shut_door_is_tested_before_anything_is_promised(
    page_of, url, experiment, missing, ended, device, now, failure
):
    experiment()
    missing()
    ended("list_card", "failed", failure=failure, error="it does not let us in")
    Run.objects.create(  # as a plan asks, in vain
        device=device, kind="pull_results", trigger="schedule", queued_at=now, not_before=now
    )
    page = page_of()
    assert main_button(page) == f"{url}start/connect/"
    assert 'href="?tab=card"' in page


def test_a_later_test_that_was_let_in_opens_it_again(page_of, url, experiment, missing, ended, now):
    experiment()
    missing()
    ended("list_card", "failed", failure="KeyRefused", error="it does not let us in")
    door = {"name": "ssh", "opens": True, "said": "it lets us in"}
    ended("connect", numbers={"doors": [door]}, ended_at=now - timedelta(hours=1))
    assert main_button(page_of()) == f"{url}start/pull_results/"


def test_a_step_that_is_under_way_is_shown_and_not_offered_again(
    page_of, url, experiment, missing, device, now
):
    experiment()
    missing()
    Run.objects.create(
        device=device, kind="pull_results", trigger="person", queued_at=now, not_before=now
    )
    page = page_of()
    assert main_button(page) == ""
    assert f'hx-get="{url}head/?tab=backups&amp;awaited={Run.objects.get().pk}"' in page


def test_why_the_last_attempt_failed_stands_beside_the_button(page_of, experiment, missing, ended):
    experiment()
    missing()
    ended("pull_results", "failed", error="no route to host")
    assert "no route to host" in page_of()


def test_who_may_not_ask_for_backups_is_told_who_may(person, page_of, experiment, missing):
    experiment()
    missing()
    page = page_of(client=person(*LOOKING))
    assert main_button(page) == ""
    assert "Somebody who may ask for backups can press it." in page
    assert "/start/" not in page


@pytest.mark.parametrize("lifecycle", ["parked", "retired"])
def test_a_silent_device_says_so(page_of, device, take, lifecycle):
    take(device)
    Device.objects.update(lifecycle=lifecycle)
    assert "it raises no alarm, and no plan makes backups of it" in page_of()


def test_types_that_it_never_had_are_folded(page_of, device, take):
    take(device)
    for backup_type in ("mysql", "video"):
        take(device, backup_type, source_count=0, copy_count=0)
    assert "<summary>MySQL, Video: never seen on this device</summary>" in page_of()


def test_back_up_now_offers_what_can_work_and_says_why_the_rest_cannot(
    page_of, url, experiment, device, take
):
    take(device)
    experiment()
    page = page_of()
    offers = page.partition('id="back-up-now"')[2].partition("</section>")[0]
    assert f'action="{url}start/pull_results/"' in offers
    assert f'action="{url}start/mirror/"' not in offers
    assert "Cannot work: no experiment of this device is in MariaDB." in offers
    Device.objects.update(address="")
    assert page_of().count(f"Cannot work: {KINDS['list_card'].lacks}.") == 6


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_started_by_whoever_may_and_by_a_post_alone(person, url, device, queue, kind):
    address = f"{url}start/{kind}/"
    assert person(*LOOKING).post(address).status_code == 403
    starter = person(*STARTING, KINDS[kind].permission)
    assert starter.get(address).status_code == 405
    assert not Run.objects.exists()
    answer = starter.post(address, {"tab": "card"})
    run = Run.objects.get(kind=kind)
    own = f"/admin/backups/run/{run.pk}/change/"
    assert answer.url == (own if kind == "wipe" else f"{url}change/?tab=card")


def test_what_is_no_button_is_not_found(admin_client, url):
    for address in (f"{url}start/nothing/", f"{url}lifecycle/lost/", f"{DEVICES}9/start/verify/"):
        assert admin_client.post(address).status_code == 404


def test_a_look_is_queued_by_whoever_may(person, url, queue):
    assert person(*LOOKING).post(f"{url}look/").status_code == 403
    assert person("devices.refresh_device").post(f"{url}look/").status_code == 302
    assert queue() == ["devices.tasks.refresh_devices", "backups.tasks.take_snapshot"]


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_answers_and_marks_itself(page_of, tab):
    page = page_of(tab)
    assert f'<a href="?tab={tab}" aria-current="page">' in page
    assert page.count('aria-current="page">') == 1


def test_an_unknown_tab_is_the_first(page_of):
    assert '<a href="?tab=backups" aria-current="page">' in page_of("nonsense")


@pytest.mark.parametrize("tab", [tab for tab in TABS if tab != "settings"])
def test_only_the_settings_are_a_form(page_of, tab):
    assert 'name="notes"' not in page_of(tab)
    assert "Delete" not in page_of(tab)


def test_who_may_only_look_gets_every_tab_and_no_button(person, page_of, device, take):
    take(device)
    client = person(*LOOKING)
    for tab in TABS:
        page = page_of(tab, client)
        assert 'action="/admin/devices/' not in page
        assert 'name="notes"' not in page


def test_deleting_says_that_files_stay_and_offers_to_retire(admin_client, page_of, url):
    settings = page_of("settings")
    asked = " ".join(admin_client.get(f"{url}delete/").content.decode().split())
    for page in (settings, asked):
        assert "Its files on the disk stay." in page
        assert "it returns as a new device" in page
        assert f'action="{url}lifecycle/retired/"' in page  # of a form, or of one button of it


@pytest.mark.parametrize("lifecycle", Lifecycle.values)
def test_parking_and_retiring_are_one_press_and_are_remembered(
    person, url, device, page_of, lifecycle
):
    other = Lifecycle.PARKED if lifecycle == Lifecycle.ACTIVE else Lifecycle.ACTIVE
    Device.objects.update(lifecycle=other)
    assert person(*LOOKING).post(f"{url}lifecycle/{lifecycle}/").status_code == 403
    client = person("devices.change_device")
    assert client.get(f"{url}lifecycle/{lifecycle}/").status_code == 405
    assert client.post(f"{url}lifecycle/{lifecycle}/").status_code == 302
    device.refresh_from_db()
    assert device.lifecycle == lifecycle
    assert device.history.first().history_user.has_perm("devices.change_device")


def test_who_changed_what_is_said_from_the_first_change_on(admin_client, url, device, page_of):
    device.history.all().delete()  # as one that the node told of
    group = DeviceGroup.objects.create(name="Incubator A")
    admin_client.post(f"{url}change/", {"group": group.pk, "notes": "by the door"})
    admin_client.post(f"{url}lifecycle/parked/", {"why": "moved out"})
    page = page_of("settings")
    assert "group: none → Incubator A; notes: none → by the door" in page
    assert "lifecycle: Active → Parked (off on purpose); moved out" in page
    assert admin_client.get(f"{url}history/").url == f"{url}change/?tab=settings"


def test_settings_that_are_saved_stay_in_view(admin_client, url):
    answer = admin_client.post(f"{url}change/", {"group": "", "notes": "moved"})
    assert answer.url == f"{url}change/?tab=settings"
    wrong = admin_client.post(f"{url}change/", {"group": "nonsense"})
    assert 'name="notes"' in wrong.content.decode()


@pytest.mark.parametrize(("tab", "comes_anew"), [("backups", True), ("settings", False)])
def test_the_head_renews_itself_and_the_page_when_a_run_has_ended(
    admin_client, url, device, take, now, tab, comes_anew
):
    """Also where another run, of a plan, waits on for hours."""
    take(device, disk_read_at=now)
    times = {"device": device, "queued_at": now, "not_before": now}
    waiting = Run.objects.create(kind="prove", trigger="schedule", state="waiting", **times)
    assert 'hx-trigger="every 30s"' in admin_client.get(f"{url}head/?tab={tab}").content.decode()
    run = Run.objects.create(kind="verify", trigger="person", **times)
    address = f"{url}head/?tab={tab}&awaited={waiting.pk},{run.pk}"
    answer = admin_client.get(address)
    assert 'hx-trigger="every 3s"' in answer.content.decode()
    assert "HX-Refresh" not in answer
    ended_at = now - timedelta(minutes=5)
    Run.objects.filter(pk=run.pk).update(state="succeeded", ended_at=ended_at)
    assert ("HX-Refresh" in admin_client.get(address)) is comes_anew


def test_the_head_waits_for_the_look_that_follows_a_run(page_of, ended, device, take, now):
    take(device, disk_read_at=now - timedelta(minutes=3))
    ended("verify", ended_at=now - timedelta(seconds=5))
    assert "has ended; a worker looks at the disk" in page_of()
    take(device, disk_read_at=now)
    assert "has ended; a worker looks at the disk" not in page_of()


def test_only_who_may_see_devices_sees_the_head(person, url):
    assert person().get(f"{url}head/").status_code == 403


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "Nobody has asked yet."),
        ("no", "2 things stood against it"),
        ("unknown", "2 things stood against it"),
        ("yes", "There is no certificate of it: ask again."),
    ],
)
def test_the_card_tells_the_last_answer_and_asks_again(page_of, url, device, now, answer, said):
    if answer:
        WipeQuestion.objects.create(
            device=device, asked_at=now, answered_at=now, answer=answer, reason_count=2
        )
    page = page_of("card")
    assert said in page
    assert f'action="{url}start/wipe/"' in page


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "It still holds"),
        ({"withdrawn_why": "a chunk came"}, "It holds no more</strong>: a chunk came"),
        ({"checked_at": timedelta(hours=2)}, "Nobody looked since"),
        ({"check_error": "not mounted"}, "cannot be told: not mounted"),
    ],
)
def test_a_yes_is_shown_only_as_far_as_it_holds(page_of, device, now, facts, said):
    WipeQuestion.objects.create(device=device, asked_at=now, answered_at=now, answer="yes")
    ago = facts.pop("checked_at", timedelta(0))
    if "withdrawn_why" in facts:
        facts["withdrawn_at"] = now
    WipeCertificate.objects.create(
        number="1", device=device, made_at=now, listed_at=now, item_count=1, size_bytes=1,
        checked_at=now - ago, **facts,
    )  # fmt: skip
    assert said in page_of("card")


def test_the_page_at_an_earlier_moment_shows_that_moment_and_no_button(
    admin_client, url, device, take, now
):
    Device.objects.update(first_seen_at=now - timedelta(days=3))
    then = now - timedelta(days=1)
    take(device, corrupt=(Problem("run.db", then, "malformed"),), disk_read_at=then)
    take(device)
    page = admin_client.get(f"{url}change/?at={then + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}")
    text = page.content.decode()
    assert "This is what was known and judged at" in text
    assert "a copy is damaged, or shrank" in text
    assert "device-tabs" not in text
    assert 'action="/admin/devices/' not in text


def filled(device, count, now):
    times = {"first_seen_at": now, "listed_at": now}
    Experiment.objects.bulk_create(
        Experiment(device=device, writer="sqlite", filename=f"{n}.db", **times)
        for n in range(count)
    )
    RecordingLedger.objects.bulk_create(
        RecordingLedger(device=device, recording=f"{n}", first_known_at=now) for n in range(count)
    )
    Run.objects.bulk_create(
        Run(
            device=device, kind="verify", trigger="schedule", state="failed", error="x" * 900,
            queued_at=now, not_before=now, ended_at=now - timedelta(hours=1), log="y" * 5000,
        )
        for _ in range(count)
    )  # fmt: skip
    CardReading.objects.create(device=device, read_at=now, size_bytes=9, free_bytes=4, since=now)


@pytest.mark.parametrize("tab", TABS)
def test_no_tab_grows_with_the_history(admin_client, url, device, take, now, tab):
    problems = tuple(Problem(f"{n}.db", now - timedelta(days=1), "no copy") for n in range(60))
    for backup_type in ("mysql", "sqlite", "video"):
        take(device, backup_type, missing=problems)
    admin_client.get(f"{url}change/?tab={tab}")  # the first of a process asks for content types
    took = []
    for count in (20, 300):
        Experiment.objects.all().delete()
        RecordingLedger.objects.all().delete()
        Run.objects.all().delete()
        filled(device, count, now)
        with CaptureQueriesContext(connection) as queries:
            page = admin_client.get(f"{url}change/?tab={tab}")
        took.append(len(queries))
        assert len(page.content) <= 200_000
    assert took[0] == took[1]
    assert took[1] <= 40
