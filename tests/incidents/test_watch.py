"""From facts to incidents and messages, over moved time."""

from datetime import timedelta

import pytest
from django_celery_beat.models import PeriodicTask
from django_celery_results.models import TaskResult

from backups.engine.facts import BackupType
from backups.models import CardReading, DiskLook, Run
from devices.models import Device, DeviceGroup
from incidents import services
from incidents.engine.causes import CauseKind
from incidents.engine.symptoms import Symptom
from incidents.models import Incident, Silence, VerdictChange
from incidents.services.settling import settle
from incidents.services.telling import tell
from tests.backups.cycles import at_work


def open_kinds():
    return sorted(Incident.objects.filter(state="open").values_list("kind", flat=True))


def test_a_safe_fleet_is_told_of_nothing(fleet, told):
    fleet.grow(5)
    fleet.pass_by(hours=3)
    assert not Incident.objects.exists()
    assert told() == []


def test_damage_is_told_at_once_and_its_end_too(fleet, told):
    one, *_ = fleet.grow(5)
    fleet.after(minutes=5)
    fleet.damage(one)
    fleet.after(minutes=5)
    fleet.pass_by(hours=2)
    fleet.mend(one)
    fleet.after(minutes=5)
    fleet.pass_by(hours=2)
    assert told() == [("opened", "corrupt"), ("over", "corrupt")]
    incident = Incident.objects.get()
    assert [act.what for act in incident.acts.all()] == ["opened", "over"]


@pytest.mark.by_turns
def test_what_gets_worse_is_one_incident(fleet, told):
    one, *_ = fleet.grow(2)
    fleet.behind(one, by=timedelta(hours=1))
    fleet.pass_by(hours=12)
    assert told() == [("opened", "late"), ("got worse", "stale")]
    assert Incident.objects.count() == 1


def test_it_is_never_told_that_bad_news_turned_into_unknown_is_over(fleet, told):
    one, *_ = fleet.grow(2)
    fleet.behind(one, by=timedelta(hours=20))
    fleet.after(minutes=5)
    fleet.unread.add(one.pk)
    fleet.pass_by(hours=5)
    assert ("over", "stale") not in told()
    assert "over" not in [event for event, _ in told()]


@pytest.mark.by_turns
def test_node_down_is_one_incident_and_one_message(fleet, told):
    fleet.grow(200)
    fleet.after(minutes=5)
    fleet.node_error = "no answer from the node"
    for _ in range(8):
        fleet.after(minutes=15)
    assert told() == [("opened", "node")]
    assert open_kinds() == ["node"]
    node = Incident.objects.get(state="open")
    assert node.followers.filter(kind="device").count() == 200
    fleet.node_error = ""
    for _ in range(8):
        fleet.after(minutes=15)
    assert told() == [("opened", "node"), ("over", "node")]
    assert not Incident.objects.exclude(state="closed").exists()


def test_damage_is_told_while_the_node_is_down(fleet, told):
    one, *_ = fleet.grow(3)
    fleet.node_error = "no answer from the node"
    fleet.pass_by(hours=1)
    fleet.damage(one)
    fleet.after(minutes=5)
    assert told() == [("opened", "node"), ("opened", "corrupt")]


def test_an_unmounted_disk_is_one_incident(fleet, told):
    devices = fleet.grow(20)
    fleet.after(minutes=5)
    for device in devices:
        fleet.facts[device.pk, BackupType.SQLITE] = {"disk_error": "not mounted"}
    for _ in range(20):
        fleet.after(minutes=5, watch=False)
        DiskLook.objects.filter(folder="results").update(error="not mounted")
        services.watch(now=fleet.now)
    assert told() == [("opened", "disk")]
    assert Incident.objects.get(state="open").followers.count() == 20


def test_a_silent_device_is_one_incident(fleet, told):
    one, *_ = fleet.grow(3)
    fleet.after(minutes=5)
    fleet.unread.add(one.pk)
    fleet.pass_by(hours=2)
    assert told() == [("opened", "device")]
    fleet.unread.clear()
    fleet.pass_by(hours=2)
    assert told() == [("opened", "device"), ("over", "device")]


@pytest.mark.parametrize("lifecycle", ["parked", "retired"])
def test_what_a_person_switched_off_raises_none(fleet, told, lifecycle):
    one, two = fleet.grow(2)
    Device.objects.filter(pk=one.pk).update(lifecycle=lifecycle)
    fleet.damage(one)
    fleet.damage(two)
    fleet.after(minutes=5)
    assert [i.device for i in Incident.objects.all()] == [two]
    Device.objects.filter(pk=two.pk).update(lifecycle=lifecycle)
    fleet.after(minutes=5)
    assert told() == [("opened", "corrupt"), ("over", "corrupt")]
    assert "by a person" in Incident.objects.get().close_reason


def test_flapping_joins_one_incident(fleet, told):
    one, *_ = fleet.grow(2)
    for _ in range(20):
        fleet.damage(one)
        fleet.after(minutes=5)
        fleet.mend(one)
        fleet.after(minutes=5)
    fleet.pass_by(hours=3)
    assert Incident.objects.count() == 1
    assert [event for event, _ in told()] == ["opened", "over", "came back", "over"]


def test_a_backup_that_fails_again_and_again(fleet, told):
    one, *_ = fleet.grow(2)
    for number in range(3):
        Run.objects.create(
            device=one,
            kind="pull_results",
            trigger="schedule",
            state="failed",
            error="<script>no route</script>",
            queued_at=fleet.now,
            not_before=fleet.now,
            ended_at=fleet.now + timedelta(minutes=number),
        )
    fleet.after(minutes=5)
    assert told() == [("opened", "run")]


def test_when_all_pulls_fail_it_is_one(fleet, told):
    for device in fleet.grow(6):
        for number in range(3):
            Run.objects.create(
                device=device,
                kind="pull_results",
                trigger="schedule",
                state="failed",
                error="the key was refused",
                queued_at=fleet.now,
                not_before=fleet.now,
                ended_at=fleet.now + timedelta(minutes=number),
            )
    fleet.after(minutes=5)
    assert told() == [("opened", "pulls")]
    assert Incident.objects.get(state="open").followers.count() == 6


@pytest.mark.parametrize(
    ("part", "dead"),
    [
        ("beat", lambda at: PeriodicTask.objects.update(last_run_at=at)),
        ("worker", lambda at: TaskResult.objects.update(date_done=at)),
    ],
)
@pytest.mark.by_turns
def test_a_dead_part_of_ethonode_is_told_once_and_so_is_its_end(fleet, told, part, dead):
    """What it no longer looks at follows from it; a start of everything is no news."""
    fleet.grow(5)
    fleet.after(minutes=5)
    died_at = fleet.now
    for _ in range(60):
        fleet.now += timedelta(minutes=1)
        at_work(fleet.now)
        dead(died_at)
        services.watch(now=fleet.now)
    assert told() == [("opened", part)]
    assert open_kinds() == [part]
    for _ in range(60):
        fleet.after(minutes=1)
    assert told() == [("opened", part), ("over", part)]


def test_the_first_minutes_after_a_night_off_tell_nothing(fleet, told):
    fleet.grow(2)
    fleet.after(minutes=5)
    fleet.now += timedelta(hours=9)
    services.watch(now=fleet.now)
    fleet.pass_by(minutes=30, step=1)
    assert told() == []


def ended(fleet, device, kind, failure=""):
    Run.objects.create(
        device=device,
        kind=kind,
        trigger="schedule",
        state="failed" if failure else "succeeded",
        failure=failure,
        error=failure and "the device shows another ssh key than before",
        queued_at=fleet.now,
        not_before=fleet.now,
        ended_at=fleet.now,
    )


def test_a_device_that_shows_another_ssh_key(fleet, told):
    """Told at its first sight; it is over when something gets in, and not with time or silence."""
    one, *_ = fleet.grow(2)
    ended(fleet, one, "pull_results", "HostKeyChanged")
    fleet.after(minutes=5)
    assert told() == [("opened", "host_key")]
    for kind in ("pull_results", "pull_videos", "list_card"):
        ended(fleet, one, kind, "HostUnreachable")
    fleet.pass_by(hours=72, step=360)
    assert open_kinds() == ["host_key"]
    ended(fleet, one, "list_card")
    fleet.after(minutes=5)
    assert told()[-1] == ("over", "host_key")


def test_a_clock_that_was_set_back_is_one(fleet, told):
    fleet.grow(20)
    fleet.after(minutes=5)
    fleet.now -= timedelta(days=1)
    services.watch(now=fleet.now)
    assert told() == [("opened", "clock")]
    fleet.pass_by(hours=2)
    assert told() == [("opened", "clock"), ("over", "clock")]


def test_each_change_of_a_verdict_is_a_row(fleet):
    one, *_ = fleet.grow(2)
    fleet.after(minutes=5)
    first = VerdictChange.objects.count()
    fleet.damage(one)
    fleet.pass_by(hours=1)
    change = VerdictChange.objects.get(old="protected")
    assert (change.new, change.device, change.backup_type) == ("corrupt", one, "sqlite")
    assert change.before["problems"] == {}
    assert change.after["problems"] == {"corrupt": 1}
    assert VerdictChange.objects.count() == first + 1


def test_a_silence_tells_later_what_still_holds(fleet, told):
    group = DeviceGroup.objects.create(name="incubator")
    one, two, three = fleet.grow(3)
    Device.objects.filter(pk__in=[one.pk, two.pk]).update(group=group)
    Silence.objects.create(
        group=group, starts_at=fleet.now, ends_at=fleet.now + timedelta(hours=4), reason="moving"
    )
    for device in (one, two, three):
        fleet.damage(device)
    fleet.after(minutes=5)
    assert told() == [("opened", "corrupt")]  # of the one that is in no group
    fleet.pass_by(hours=1)
    fleet.mend(two)
    fleet.pass_by(hours=4)
    assert told() == [("opened", "corrupt")] * 2


@pytest.mark.by_turns
def test_reminders_until_somebody_acknowledges(fleet, told, channel, admin_user):
    one, *_ = fleet.grow(1)
    fleet.damage(one)
    for _ in range(60):
        fleet.after(hours=1)
    assert [event for event, _ in told()] == ["opened", "reminder", "reminder"]
    Incident.objects.update(
        acknowledged_at=fleet.now,
        acknowledged_by=admin_user,
        acknowledged_until=fleet.now + timedelta(days=3),
    )
    for _ in range(60):
        fleet.after(hours=1)
    assert [event for event, _ in told()].count("reminder") == 2
    for _ in range(30):
        fleet.after(hours=1)
    assert [event for event, _ in told()].count("reminder") == 4


def test_a_thousand_at_once(fleet, told):
    """More than one batch, the last of them not full."""
    one, *_ = fleet.grow(1)
    symptoms = [
        Symptom(kind=CauseKind.RUN, subject=str(n), sentence="it fails", device=one.pk)
        for n in range(1_001)
    ]
    assert settle(symptoms, now=fleet.now) == (1_001, 0)
    assert tell(now=fleet.now) == 1_001
    assert settle(symptoms, now=fleet.now) == (0, 0)
    assert tell(now=fleet.now) == 0
    assert settle([], now=fleet.now) == (0, 1_001)
    assert tell(now=fleet.now) == 1_001


@pytest.mark.parametrize(
    ("told", "kind", "severity"),
    [
        ({"read_only": True}, "card_errors", "critical"),
        ({"errors": 3}, "card_errors", "critical"),
        ({"kernel_errors": 1}, "card_errors", "critical"),
        ({"life_time": "0x09"}, "card_errors", "warning"),
        ({"too_weak": True}, "card_errors", "warning"),
        ({"free_bytes": 0}, "card_full", "critical"),
        ({"free_bytes": 10}, "card_full", "warning"),
        ({"errors": 0, "read_only": False}, None, None),
    ],
)
def test_a_card_that_fails_is_told_of(fleet, channel, told, kind, severity):
    one, *_ = fleet.grow(2)
    told = {"size_bytes": 100, "free_bytes": 50} | told
    CardReading.objects.create(device=one, read_at=fleet.now, since=fleet.now, **told)
    fleet.after(minutes=5)
    found = [(i.kind, i.severity, i.device) for i in Incident.objects.filter(state="open")]
    assert found == ([(kind, severity, one)] if kind else [])


def test_a_card_that_was_never_listed_and_is_full(fleet, told):
    one, *_ = fleet.grow(2)
    Device.objects.filter(pk=one.pk).update(card_used_percent=91)
    fleet.after(minutes=5)
    assert told() == [("opened", "card_full")]
