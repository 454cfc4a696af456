"""The doors to the question: command, API and pages."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from backups.models import Run, RunKind, WipeCertificate, WipeQuestion
from tests.backups.wipes.test_certificates import is_signed

pytestmark = pytest.mark.django_db

VIEW = ["devices.view_device"]
START = [*VIEW, "backups.start_run"]
LOOK = ["backups.view_wipequestion", "backups.view_wipecertificate", "devices.view_device"]


@pytest.fixture
def url(device):
    return f"/api/v1/devices/{device.device_id}/wipe/"


def asked_by_command(*words):
    with pytest.raises(SystemExit) as ended:
        call_command("wipe", *words)
    return ended.value.code


def test_the_command_ends_with_0_for_yes_alone(world, device, capsys):
    assert asked_by_command(device.device_id) == 0
    assert "May the card of ETHOSCOPE_019 be wiped? yes" in capsys.readouterr().out


def test_the_command_ends_with_1_for_no_and_says_why(world, device, capsys):
    world.forget(world.its_copy)
    assert asked_by_command(device.device_id) == 1
    assert "our copy is gone" in capsys.readouterr().out


def test_the_command_ends_with_2_where_it_cannot_tell(world, device):
    world.voice.told.clear()
    assert asked_by_command(device.device_id) == 2


def test_the_command_answers_for_one_experiment(world, device):
    world.renew(world.card / "notes.txt", b"of nothing")
    assert asked_by_command(device.device_id) == 1
    assert asked_by_command(device.device_id, "--experiment", world.name) == 0
    world.forget(world.copy)
    assert asked_by_command(device.device_id, "--experiment", world.name) == 1


@pytest.mark.parametrize("words", [["nobody"], ["ETHOSCOPE_019", "--experiment", "none.db"]])
def test_what_was_not_asked_is_no_answer(world, words):
    with pytest.raises(CommandError) as error:
        call_command("wipe", *words)
    assert error.value.returncode == 3


def test_the_api_says_unknown_before_anybody_asked(world, person, url):
    told = person(*VIEW).get(url).json()
    assert (told["answer"], told["holds"]) == ("unknown", False)
    assert told["reasons"][0]["lacks"] == "it was never asked"


def test_the_api_tells_the_last_answer_and_whether_it_holds(world, person, may_wipe, url):
    may_wipe()
    told = person(*VIEW).get(url).json()
    assert (told["answer"], told["holds"], told["reasons"]) == ("yes", True, [])
    assert told["certificate"] == WipeCertificate.objects.get().number
    assert told["age_seconds"] < 60
    WipeCertificate.objects.update(withdrawn_at=told["asked_at"], withdrawn_why="it grew")
    told = person(*VIEW).get(url).json()
    assert (told["answer"], told["holds"], told["withdrawn_why"]) == ("yes", False, "it grew")


def test_what_nobody_looked_at_lately_is_not_said_to_hold(world, person, may_wipe, url):
    may_wipe()
    WipeCertificate.objects.update(checked_at=timezone.now() - timedelta(hours=2))
    told = person(*VIEW).get(url).json()
    assert (told["answer"], told["holds"]) == ("yes", False)


def test_the_api_tells_what_lacks_and_what_mends_it(world, person, may_wipe, url):
    world.forget(world.ours[0])
    may_wipe()
    told = person(*VIEW).get(url).json()
    assert (told["answer"], told["holds"], told["certificate"]) == ("no", False, None)
    assert {"lacks": "our copy is gone", "remedy": "pull_videos"}.items() <= next(
        reason for reason in told["reasons"] if reason["item"].startswith("videos/")
    ).items()


def test_the_api_tells_of_one_experiment(world, person, may_wipe, url):
    may_wipe()
    client = person(*VIEW)
    assert client.get(url, {"experiment": world.name}).json()["answer"] == "yes"
    assert client.get(url, {"experiment": "none.db"}).status_code == 404


def test_asking_needs_its_permission_and_queues_a_run(world, person, url, queue):
    assert person(*VIEW).post(url).status_code == 403
    answer = person(*START).post(url)
    assert (answer.status_code, answer.json()["kind"]) == (202, "wipe")
    assert Run.objects.get().kind == RunKind.WIPE


def test_nobody_reads_it_without_a_login(world, client, url):
    assert client.get(url).status_code in {401, 403}


@pytest.fixture
def page(world, may_wipe):
    def page(client):
        question = may_wipe()
        address = reverse("admin:backups_wipequestion_change", args=[question.pk])
        return client.get(address).content.decode()

    return page


def test_the_page_says_yes_and_shows_its_certificate(page, admin_client):
    shown = page(admin_client)
    assert "Yes: everything on it is equal here" in shown
    assert WipeCertificate.objects.get().number in shown


def test_the_page_names_each_thing_with_the_button_that_mends_it(world, page, admin_client, queue):
    world.forget(world.ours[0])
    shown = page(admin_client)
    assert "our copy is gone" in shown
    question = WipeQuestion.objects.get(experiment="")
    mend = reverse("admin:wipe-ask", args=[question.pk, "pull_videos"])
    assert f'action="{mend}"' in shown
    assert admin_client.post(mend).status_code == 302
    assert Run.objects.filter(kind="pull_videos").exists()
    part = admin_client.get(reverse("admin:wipe-part", args=[question.pk])).content.decode()
    assert "Pull of videos" in part


def test_a_page_is_the_same_one_after_the_next_question(page, may_wipe, admin_client):
    page(admin_client)
    before = WipeQuestion.objects.get(experiment="").pk
    assert may_wipe().pk == before


@pytest.mark.parametrize("kind", ["wipe", "verify"])
def test_who_only_looks_has_no_buttons(world, page, person, kind):
    world.forget(world.its_copy)
    viewer = person(*LOOK)
    shown = page(viewer)
    assert "mend-button" not in shown
    question = WipeQuestion.objects.get(experiment="")
    assert viewer.post(reverse("admin:wipe-ask", args=[question.pk, kind])).status_code == 403


def test_nothing_is_asked_by_looking(page, admin_client):
    page(admin_client)
    question = WipeQuestion.objects.get(experiment="")
    for kind, status in (("wipe", 405), ("nothing", 405)):
        address = reverse("admin:wipe-ask", args=[question.pk, kind])
        assert admin_client.get(address).status_code == status
    address = reverse("admin:wipe-ask", args=[question.pk, "nothing"])
    assert admin_client.post(address).status_code == 404


def test_hostile_names_are_text(world, page, admin_client):
    world.renew(world.card / "<script>alert(1)<", b"<b>")
    assert "<script>alert(1)" not in page(admin_client)


def test_what_is_downloaded_is_what_was_signed(world, may_wipe, admin_client, tmp_path):
    may_wipe()
    one = WipeCertificate.objects.get()
    for name in ("certificate.json", "certificate.json.sig", "B2SUMS", "allowed_signers"):
        answer = admin_client.get(reverse("admin:certificate-file", args=[one.pk, name]))
        assert "attachment" in answer["Content-Disposition"]
        (tmp_path / name).write_bytes(answer.content)
    assert is_signed(tmp_path, "certificate.json").returncode == 0
    other = reverse("admin:certificate-file", args=[one.pk, "key"])
    assert admin_client.get(other).status_code == 404


def test_the_page_to_print_says_what_it_is_worth(world, may_wipe, admin_client):
    may_wipe()
    one = WipeCertificate.objects.get()
    address = reverse("admin:certificate-paper", args=[one.pk])
    shown = admin_client.get(address).content.decode()
    assert one.number in shown
    assert one.body_digest in shown
    assert "Withdrawn" not in shown
    WipeCertificate.objects.update(withdrawn_at=one.made_at, withdrawn_why="it grew")
    assert "it grew" in admin_client.get(address).content.decode()


@pytest.mark.parametrize("name", ["certificate-paper", "certificate-file", "wipe-part"])
def test_who_may_not_look_sees_nothing(world, may_wipe, person, name):
    question = may_wipe()
    one = WipeCertificate.objects.get()
    arguments = {"certificate-paper": [one.pk], "wipe-part": [question.pk]}
    address = reverse(f"admin:{name}", args=arguments.get(name, [one.pk, "B2SUMS"]))
    assert person(*VIEW).get(address).status_code == 403


def test_the_page_of_the_device_leads_to_the_answer(world, device, may_wipe, admin_client):
    address = reverse("admin:devices_device_change", args=[device.pk]) + "?tab=card"
    assert "Nobody has asked yet" in admin_client.get(address).content.decode()
    question = may_wipe()
    link = reverse("admin:backups_wipequestion_change", args=[question.pk])
    assert link in admin_client.get(address).content.decode()


def test_the_page_of_the_run_leads_to_the_answer(world, may_wipe, do, admin_client):
    asked, other = may_wipe(), do(RunKind.LIST_CARD)
    link = reverse("admin:backups_wipequestion_change", args=[asked.pk])
    for run, leads in ((asked.run, True), (other, False)):
        address = reverse("admin:backups_run_change", args=[run.pk])
        assert (link in admin_client.get(address).content.decode()) is leads
