"""The Setup page shows what was last answered, and asks nobody outside."""

import pytest
from django.urls import reverse
from django.utils import timezone

from installation import leaving, services
from installation.models import StoredAnswer
from installation.tasks import check_setup
from tests.nodes import a_node
from tests.people.conftest import as_role, someone

__all__ = ["as_role", "someone"]  # fixtures
pytestmark = pytest.mark.django_db
SETUP = "/admin/setup/"
ACTS = ["setup-check", "setup-leave-lab", "setup-keep-lab"]


def text_of(client, url=SETUP):
    page = client.get(url)
    assert page.status_code == 200
    return page.content.decode()


def test_before_anything_was_asked_nothing_is_fine(admin_client):
    text = text_of(admin_client)
    assert "cannot be told" in text
    assert "It was not asked yet." in text


def test_what_is_wrong_is_shown_with_the_line_to_type(admin_client, healthy, not_fine):
    (healthy.VAR_DIR / "secret_key").chmod(0o644)
    services.check_setup(now=timezone.now())
    assert [name for name, _ in not_fine()] == ["secrets"]
    text = text_of(admin_client)
    assert "1 thing is wrong" in text
    assert f"chmod 600 {healthy.VAR_DIR / 'secret_key'}" in text


def test_where_all_is_fine_it_says_so(admin_client, healthy, not_fine):
    worst = check_setup()
    assert not_fine() == []
    assert worst == "ok"
    assert "checks of what is configured are fine" in text_of(admin_client)


def test_a_page_costs_the_same_whatever_was_answered(
    admin_client, healthy, django_assert_num_queries
):
    text_of(admin_client)
    services.check_setup(now=timezone.now())
    url = reverse("admin:setup-answers")
    with django_assert_num_queries(12):
        text_of(admin_client, url)


def test_check_now_is_queued_and_not_done_in_the_request(admin_client, queue):
    answer = admin_client.post(reverse("admin:setup-check"), follow=True)
    assert queue() == ["installation.tasks.check_setup"]
    assert "asked" in answer.content.decode()
    assert not StoredAnswer.objects.exists()


def test_without_a_queue_it_is_redis_that_is_wrong(admin_client, broker, tmp_path):
    broker(f"redis+socket://{tmp_path}/nowhere.sock")
    text = admin_client.post(reverse("admin:setup-check"), follow=True).content.decode()
    assert "cannot be reached" in text
    assert StoredAnswer.objects.get().check_name == "redis"


@pytest.mark.parametrize("act", ACTS)
def test_what_acts_is_a_post_by_who_may(admin_client, as_role, settings, act):
    settings.SIMULATED_LAB = True
    url = reverse(f"admin:{act}")
    assert admin_client.get(url).status_code == 405
    assert as_role("viewer").post(url).status_code == 403


def test_who_may_look_may_not_act(as_role, settings):
    settings.SIMULATED_LAB = True
    text = text_of(as_role("viewer"))
    assert "Check now" not in text
    assert "Leave the simulated lab" not in text


def test_nobody_sees_it_without_the_right(client, someone):
    assert client.get(SETUP).status_code == 302
    client.force_login(someone())
    assert client.get(SETUP).status_code == 403
    assert client.get(reverse("admin:setup-answers")).status_code == 403


def test_without_a_node_it_says_how_to_begin(admin_client, settings):
    settings.NODES, settings.DEVICE_ADDRESSES = [a_node()], []
    text = text_of(admin_client)
    assert "Begin with your lab" in text
    assert "ETHONODE_NODE_URL=http://node:80" in text
    settings.NODES = [a_node("http://node")]
    assert "Begin with your lab" not in text_of(admin_client)


def test_how_a_password_is_reset_is_there_and_at_the_login(admin_client, client):
    assert "changepassword" in text_of(admin_client)
    assert "changepassword" in text_of(client, "/admin/login/")


def test_the_lab_is_left_by_a_button_and_kept_by_another(admin_client, folders):
    folders.SIMULATED_LAB = True
    assert "Leave the simulated lab" in text_of(admin_client)
    admin_client.post(reverse("admin:setup-leave-lab"))
    assert leaving.is_marked()
    assert "Keep the simulated lab" in text_of(admin_client)
    admin_client.post(reverse("admin:setup-keep-lab"))
    assert not leaving.is_marked()


def test_where_no_lab_is_simulated_there_is_none_to_leave(admin_client, folders):
    folders.SIMULATED_LAB = False
    assert "Leave the simulated lab" not in text_of(admin_client)
    answer = admin_client.post(reverse("admin:setup-leave-lab"), follow=True)
    assert "Nothing was done" in answer.content.decode()
    assert not leaving.is_marked()
