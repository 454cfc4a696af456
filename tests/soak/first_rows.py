"""What a person would set up, in a process of its own: `python -m tests.soak.first_rows FACTS`.

FACTS is JSON: the address of the sink, how many devices there are, and the ids of the open ones.
It prints a token.
"""

import json
import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "ethonode.settings"

import django

django.setup()

from django.db import connection  # noqa: E402

from backups.services.ssh_keys import public_key  # noqa: E402
from incidents.models import Channel  # noqa: E402
from incidents.services.secrets import seal  # noqa: E402
from people.models import TokenScope  # noqa: E402
from tests.hosts.rows import key_of_the_admin, plan_backups, schedule_often  # noqa: E402

# Whoever changes the state of a run is seen, whatever is said of it later.
WITNESS = (
    "CREATE TABLE seen_runs (run bigint, old text, new text, at timestamptz DEFAULT now())",
    """CREATE FUNCTION see_run() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO seen_runs (run, old, new) VALUES (NEW.id, OLD.state, NEW.state);
         RETURN NEW; END $$""",
    """CREATE TRIGGER see_run AFTER UPDATE OF state ON backups_run FOR EACH ROW
         WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION see_run()""",
)


def main(sink: str, devices: int, opened: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in WITNESS:
            cursor.execute(statement)
    schedule_often(devices=devices)
    plan_backups(opened, videos=3, listing=5)
    channel = Channel(name="sink", sort="webhook", least_severity="notice", hourly_limit=1000)
    seal(channel, sink, signing_key="key")
    channel.save()
    public_key()  # made now: the lab lets it in
    key = key_of_the_admin("soak", TokenScope.OPERATE)
    print(key)  # noqa: T201  for whoever started this


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
