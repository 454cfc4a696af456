"""What a person would set up, in a process of its own: `python -m tests.soak.first_rows FACTS`.

FACTS is JSON: the address of the sink and the ids of the open devices. It prints a token.
"""

import json
import os
import sys
from datetime import timedelta

os.environ["DJANGO_SETTINGS_MODULE"] = "ethonode.settings"

import django

django.setup()

from django.db import connection  # noqa: E402

from backups.models import BackupPlan  # noqa: E402
from backups.services.ssh_keys import public_key  # noqa: E402
from devices.models import DeviceGroup  # noqa: E402
from incidents.models import Channel  # noqa: E402
from incidents.services.secrets import seal  # noqa: E402
from people.models import TokenScope  # noqa: E402
from tests.hosts.rows import key_of_the_admin, put_into_group, schedule_often  # noqa: E402

# Whoever changes the state of a run is seen, whatever is said of it later.
WITNESS = (
    "CREATE TABLE seen_runs (run bigint, old text, new text, at timestamptz DEFAULT now())",
    """CREATE FUNCTION see_run() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO seen_runs (run, old, new) VALUES (NEW.id, OLD.state, NEW.state);
         RETURN NEW; END $$""",
    """CREATE TRIGGER see_run AFTER UPDATE OF state ON backups_run FOR EACH ROW
         WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION see_run()""",
)


def main(sink: str, opened: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in WITNESS:
            cursor.execute(statement)
    schedule_often()
    _plans(opened)
    channel = Channel(name="sink", sort="webhook", least_severity="notice", hourly_limit=1000)
    seal(channel, sink, signing_key="key")
    channel.save()
    public_key()  # made now: the lab lets it in
    key = key_of_the_admin("soak", TokenScope.OPERATE)
    print(key)  # noqa: T201  for whoever started this


def _plans(opened: list[str]) -> None:
    """Open devices are backed up here; of all others the cards are listed."""
    minute = timedelta(minutes=1)
    group = DeviceGroup.objects.create(name="Open")
    BackupPlan.objects.create(
        group=group, mirror_here=True, mirror_every=2 * minute, pull_results_here=True,
        pull_results_every=2 * minute, pull_videos_here=True, pull_videos_every=3 * minute,
        list_card_here=True, list_card_every=5 * minute, verify_here=True,
        verify_every=10 * minute,  # no proofs: they wait while a device tracks, as these do
    )  # fmt: skip
    BackupPlan.objects.get_or_create(
        group=None, defaults={"list_card_here": True, "list_card_every": 10 * minute}
    )
    put_into_group(group, opened)


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
