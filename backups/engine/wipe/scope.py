"""The same question about one experiment: its database, and the recordings beside it.

Nobody tells which recordings are beside which experiment, and their names are of two clocks: every
one that may be is counted in. That can take a yes away, and never gives one.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from backups.engine.facts import BackupType
from backups.engine.wipe.facts import MariaDBShown, WipeFacts
from backups.engine.wipe.items import why_item_lacks
from backups.engine.wipe.rules import WipeAnswer, may_wipe

ZONES = timedelta(hours=14)  # the name of a recording is local time, that of a database is UTC
VIDEOS = "videos/"
ON_SERVER = "MariaDB "  # how the name of what its server holds begins
CUT = " more"  # how the name ends of things that are counted, and no longer named
_TIME = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentSpan:
    """An experiment, from its start to that of the next one. None: not known."""

    filename: str
    begins_at: datetime | None
    ends_at: datetime | None
    in_mariadb: bool = False

    def may_hold(self, name: str, *, is_video: bool) -> bool:
        if self.filename in name:
            return True
        begun_at = _time_in(name)
        if begun_at is None and (name.endswith(CUT) or self._is_on_server(name)):
            return True
        if not is_video or begun_at is None:
            return is_video
        is_before = self.begins_at is not None and begun_at < self.begins_at - ZONES
        is_after = self.ends_at is not None and begun_at > self.ends_at + ZONES
        return not (is_before or is_after)

    def _is_on_server(self, name: str) -> bool:
        """A database that cannot be read does not say which experiment it holds."""
        return self.in_mariadb and name.startswith(ON_SERVER)


def may_wipe_each(facts: WipeFacts, spans: Iterable[ExperimentSpan]) -> Mapping[str, WipeAnswer]:
    """By file name."""
    lacking = facts
    if facts.items is not None and facts.last:
        clock = facts.last.clock
        some = (one for one in facts.items if one.unseen or why_item_lacks(one, clock=clock))
        lacking = replace(facts, items=tuple(some), known_files=0)
    return {span.filename: may_wipe(_about(lacking, span)) for span in spans}


def _about(facts: WipeFacts, span: ExperimentSpan) -> WipeFacts:
    def is_in(path: str) -> bool:
        return span.may_hold(path, is_video=path.startswith(VIDEOS))

    items, problems, write_offs = facts.items, facts.problems, facts.write_offs
    return replace(
        facts,
        experiment=span.filename,
        items=items and tuple(one for one in items if is_in(one.name)),
        changed=tuple(filter(is_in, facts.changed)),
        growing=tuple(name for name in facts.growing if name == span.filename),
        problems=problems
        and tuple(
            known
            for known in problems
            if span.may_hold(known[2].name, is_video=known[0] is BackupType.VIDEO)
        ),
        write_offs=write_offs
        and tuple(one for one in write_offs if span.may_hold(one.name, is_video=True)),
        mariadb=facts.mariadb if span.in_mariadb else MariaDBShown(expected=False),
    )


def _time_in(name: str) -> datetime | None:
    found = _TIME.search(name)
    try:
        return found and datetime.strptime(found[0], "%Y-%m-%d_%H-%M-%S").replace(tzinfo=UTC)
    except ValueError:
        return None
