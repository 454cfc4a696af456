from datetime import timedelta

import pytest

from backups.admin.durations import from_words, in_words
from backups.models import Policy


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2 h 30 min", 9000),
        ("2h30min", 9000),
        ("90 min", 5400),
        ("3 days", 259200),
        ("1 day, 6 hours", 108000),
        ("45 s", 45),
        ("02:30:00", 9000),
        ("0 s", 0),
    ],
)
def test_a_duration_is_read_as_people_write_it(text, seconds):
    assert from_words(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "soon", "2", "2 h or so", "h", "-2 h", "2 weeks", "99999999 h", "1:2:3:4", "::"]
)
def test_what_is_no_duration_is_refused(text):
    assert from_words(text) is None


@pytest.mark.parametrize("seconds", [0, 1, 60, 5400, 86400, 100000, 259200])
def test_a_duration_is_shown_as_it_can_be_typed(seconds):
    span = timedelta(seconds=seconds)
    assert from_words(in_words(span)) == span


@pytest.fixture
def save(admin_client):
    policy = Policy.objects.get(backup_type="video")
    form = {"group": "", "backup_type": "video", "max_age": "6 h", "grace": "18 h"}
    form |= {"proved_copies": "1"}
    url = f"/admin/backups/policy/{policy.pk}/change/"
    return lambda **fields: admin_client.post(url, form | {"evidence_ttl": "20 min"} | fields)


def test_a_limit_is_typed_in_words_and_kept_in_the_history(save):
    assert save(max_age="2 h 30 min").status_code == 302
    policy = Policy.objects.get(backup_type="video")
    assert policy.max_age == timedelta(minutes=150)
    was, became = policy.history.order_by("history_date").values_list("max_age", flat=True)
    assert was != became == policy.max_age


@pytest.mark.parametrize("bad", ["", "soon", "0 s", "7"])
def test_a_bad_limit_is_refused_with_a_word_of_help(save, bad):
    page = save(max_age=bad)
    assert page.status_code == 200
    assert page.context["adminform"].form.errors["max_age"]
