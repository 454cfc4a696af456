"""What people do about an incident; each act is written down with who did it and why."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from incidents.engine.course import State
from incidents.engine.messages import Event
from incidents.models import Channel, Delivery, Incident, IncidentAct, Silence
from incidents.services.telling import store_message


class ActRefused(Exception):
    """It cannot be done; the text says why."""


def acknowledge(
    incident: Incident, *, by: Any, note: str, until: datetime | None, now: datetime
) -> None:
    """No more reminders until then, or until it is over. Raises ActRefused."""
    if until is not None and until <= now:
        raise ActRefused("This time has passed.")
    with transaction.atomic():
        mine = Incident.objects.filter(pk=incident.pk, state=State.OPEN.value)
        values = {"acknowledged_by": by, "acknowledged_until": until, "note": note[:500]}
        if not mine.update(acknowledged_at=now, **values):
            raise ActRefused("It is over already.")
        until_text = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "to its end"
        text = ": ".join(filter(None, (until_text, note)))
        _write(incident, "acknowledged", by=by, text=text, now=now)


def silence(
    incident: Incident,
    *,
    by: Any,
    reason: str,
    span: timedelta,
    now: datetime,
    whole_group: bool = False,
) -> Silence:
    """Of its device, or of all in its group; where it concerns no single one, of everything.

    Raises ActRefused where there is no group.
    """
    device = incident.device
    if whole_group and (device is None or device.group is None):
        raise ActRefused("It is of no group.")
    whose = {"group": device.group} if whole_group and device else {"device": device}
    with transaction.atomic():
        made = Silence.objects.create(
            **whose, starts_at=now, ends_at=now + span, reason=reason, made_by=by
        )
        text = f"{made} until {made.ends_at:%Y-%m-%d %H:%M} UTC: {reason}"
        _write(incident, "silenced", by=by, text=text, now=now)
    return made


def ask_for_test(channel: Channel, *, by: Any, now: datetime) -> Delivery:
    """A message that says what it is. Its answer is shown where it came from."""
    key = f"test-{channel.row_name}-{now:%Y%m%d%H%M%S%f}"
    store_message(
        channel=channel,
        key=key,
        event=Event.TEST.value,
        title=f"A test of “{channel}”",
        body=f"{by} asked whether messages of ethonode arrive here. They do.",
        created_at=now,
        not_before=now,
    )
    return Delivery.objects.get(channel=channel, key=key)


def _write(incident: Incident, what: str, *, by: Any, text: str, now: datetime) -> None:
    IncidentAct.objects.create(incident=incident, at=now, by=by, what=what, text=text[:500])
