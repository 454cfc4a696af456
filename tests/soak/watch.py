"""What must hold all the time, seen by a reader of its own: answers, rows, files, processes."""

import json
import random
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPException
from statistics import median
from threading import Event, Thread
from typing import Any

import psycopg

from tests.hosts.base import DATABASE
from tests.hosts.clock import earliest
from tests.soak.processes import doubled, processes
from tests.soak.stack import Stack
from tests.soak.strikes import memory
from tests.soak.truth import GREEN, Backup, Oracle, Shown, false_green, lasting

LOOK_EVERY, SAMPLE_EVERY, ASK_EVERY = 6.0, 2.0, 5.0
KINDS = ("pull_results", "pull_videos", "list_card", "verify")  # that come through, struck or not
OPEN = ("queued", "running", "waiting")


@dataclass(slots=True)
class Seen:
    looks: int = 0
    unanswered: int = 0  # the page was not to be had
    judged: int = 0  # backups, over all looks
    green: int = 0
    over_a_lack: int = 0
    not_yet: int = 0  # green, and the disk was not looked at since
    false_greens: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    asked: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    requested: dict[int, str] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)  # of the devices, the last time
    memory: dict[str, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    broken: list[str] = field(default_factory=list)  # a watcher that itself failed


@dataclass(slots=True)
class Watch:
    stack: Stack
    seed: str
    seen: Seen = field(default_factory=Seen)
    asking: Event = field(default_factory=Event)
    to_verify: list[str] = field(default_factory=list)  # devices whose copy came back
    _end: Event = field(default_factory=Event)
    _threads: list[Thread] = field(default_factory=list)

    def begin(self) -> None:
        for work in (self._look_for_ever, self._sample_for_ever, self._ask_for_ever):
            thread = Thread(target=self._guarded, args=(work,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    @property
    def not_green(self) -> dict[str, str]:
        return {name: said for name, said in self.seen.verdicts.items() if said not in GREEN}

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            self.stack.hosts["main"].enter()
            work()
        except Exception as error:
            self.seen.broken.append(f"{work.__name__}: {error!r}")
            raise

    def _look_for_ever(self) -> None:
        """An answer counts by what was lacking before and after it."""
        oracle = Oracle(self.stack.lab)
        before = oracle.look(time.time())
        while not self._end.wait(LOOK_EVERY):
            shown = self._shown()
            after = oracle.look(time.time())
            if shown:
                self._judge(shown, lasting(before, after))
            before = after

    def _shown(self) -> dict[Backup, Shown]:
        answer = self._ask("GET", "/api/v1/devices/?limit=500")
        if answer is None:
            self.seen.unanswered += 1
            return {}
        self.seen.looks += 1
        self.seen.verdicts = {row["device_id"]: row["verdict"] for row in answer["results"]}
        return {
            (row["device_id"], kind): Shown(one["verdict"], self._looked_at(one["taken_at"]))
            for row in answer["results"]
            for kind, one in row["backups"].items()
        }

    def _looked_at(self, told: str | None) -> float:
        """By the true clock, whatever one the product had; 0: never."""
        if told is None:
            return 0.0
        at = datetime.fromisoformat(told).timestamp()
        clocks = self.stack.clocks.values()
        return earliest(clocks, at, now=time.time()) if clocks else at

    def _judge(self, shown: dict[Backup, Shown], lacks: dict[Backup, Any]) -> None:
        seen = self.seen
        seen.judged += len(shown)
        seen.green += sum(one.verdict in GREEN for one in shown.values())
        for backup, lacking in lacks.items():
            seen.over_a_lack += 1
            said = shown.get(backup)
            if said is None or said.verdict not in GREEN:
                continue
            if false_green(said, lacking):
                seen.false_greens.append(f"{backup}: {said}, {list(lacking.values())[:3]}")
            else:
                seen.not_yet += 1

    def _sample_for_ever(self) -> None:
        known: set[tuple[str, ...]] = set()
        while not self._end.wait(SAMPLE_EVERY):
            every = processes()
            for name, size in memory(self.stack, every).items():
                self.seen.memory[name].append((time.monotonic(), size))
            for words in doubled(every):
                if words not in known:
                    known.add(words)
                    self.seen.doubled.append(" ".join(words[-2:]))

    def _ask_for_ever(self) -> None:
        """As a person does, who presses a button now and then."""
        rng = random.Random(self.seed)
        while not self._end.wait(ASK_EVERY):
            if self.to_verify:
                device = self.to_verify.pop(0)
                if not self._promised(device, "verify"):
                    self.to_verify.append(device)  # who answered nothing promised nothing
            elif self.asking.is_set():
                self._promised(rng.choice(self.stack.opened), rng.choice(KINDS))

    def _promised(self, device: str, kind: str) -> bool:
        self.seen.asked += 1
        run = self._ask("POST", f"/api/v1/devices/{device}/{kind}/")
        if run is not None:
            self.seen.requested[run["id"]] = f"{kind} of {device}"
        return run is not None

    def _ask(self, method: str, path: str) -> Any:
        headers = {"Authorization": f"Token {self.stack.token}"}
        request = urllib.request.Request(f"{self.stack.url}{path}", method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            self.seen.refused[f"HTTP {error.code}"] += 1
        except (OSError, HTTPException, ValueError) as error:
            self.seen.refused[type(error).__name__] += 1
        return None


def grown(samples: list[tuple[float, int]], warm: float) -> tuple[int, int]:
    """The middle of the first minute after `warm`, and of the last one."""
    late = [sample for sample in samples if sample[0] >= warm] or samples
    first = [size for at, size in late if at < late[0][0] + 60]
    last = [size for at, size in late if at > late[-1][0] - 60]
    return int(median(first)), int(median(last))


@dataclass(slots=True)
class Rows:
    """The database, read past the product."""

    stack: Stack

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self.stack.postgres.ask(DATABASE, sql)

    def open_runs(self) -> int:
        try:
            [(count,)] = self.ask(f"SELECT count(*) FROM backups_run WHERE state IN {OPEN}")
        except psycopg.Error:  # it was just killed
            return -1
        return int(count)

    def runs_not_ended(self, ids: list[int]) -> list[int]:
        """By who saw it: what ended by a clock a year behind is forgotten as old ones are."""
        ended = {row for (row,) in self.ask(f"SELECT run FROM seen_runs WHERE new NOT IN {OPEN}")}
        return [one for one in ids if one not in ended]

    def wrong_courses(self) -> list[tuple[Any, ...]]:
        """Runs that ended twice, or went on after their end, or began anew while they ran."""
        return self.ask(
            f"""SELECT run, string_agg(old || '>' || new, ' ' ORDER BY at) FROM seen_runs
            GROUP BY run HAVING count(*) FILTER (WHERE new NOT IN {OPEN}) > 1
            OR count(*) FILTER (WHERE old NOT IN {OPEN}) > 0
            OR count(*) FILTER (WHERE new = 'running')
              > count(*) FILTER (WHERE new <> 'running') + 1"""
        )

    def run_states(self) -> dict[str, int]:
        return dict(self.ask("SELECT state, count(*) FROM backups_run GROUP BY state"))

    def orphans(self) -> list[str]:
        """Foreign keys that lead nowhere; all of them are looked at."""
        keys = self.ask(
            """SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text, b.attname
            FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid
            AND a.attnum = c.conkey[1] JOIN pg_attribute b ON b.attrelid = c.confrelid
            AND b.attnum = c.confkey[1] WHERE c.contype = 'f'"""
        )
        found = []
        for table, column, other, key in keys:
            [(count,)] = self.ask(
                f'SELECT count(*) FROM {table} x LEFT JOIN {other} y ON x."{column}" = y."{key}"'
                f' WHERE x."{column}" IS NOT NULL AND y."{key}" IS NULL'
            )
            if count:
                found.append(f"{count} of {table}.{column}")
        return found

    def told(self) -> Counter[tuple[int, str]]:
        """What was to be told: of which problem, what."""
        rows = self.ask(
            "SELECT incident_id, event FROM incidents_delivery WHERE incident_id IS NOT NULL"
        )
        return Counter(rows)

    def waiting_messages(self) -> int:
        [(count,)] = self.ask("SELECT count(*) FROM incidents_delivery WHERE state <> 'sent'")
        return int(count)

    def untold(self) -> int:
        """Problems that were open, and of which no message was written; ends likewise."""
        [(count,)] = self.ask(
            """SELECT count(*) FROM incidents_incident i WHERE
            (state = 'open' AND told_count > 0 AND NOT EXISTS
              (SELECT 1 FROM incidents_delivery d WHERE d.incident_id = i.id))
            OR (state = 'closed' AND told_count > 0 AND end_told AND NOT EXISTS
              (SELECT 1 FROM incidents_delivery d WHERE d.incident_id = i.id AND event = 'over'))"""
        )
        return int(count)

    def leases(self) -> list[tuple[str, float]]:
        """Held by somebody, and for how many seconds more."""
        return self.ask(
            "SELECT name, extract(epoch FROM expires_at - now()) FROM backups_lease"
            " WHERE token <> '' AND expires_at > now()"
        )
