"""Ask all checks, keep what they answered, and say what is known of them now."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from devices.freshness import is_fresh
from installation.answers import One, SetupAnswer, Standing, unknown, worst, wrong
from installation.checks import SetupCheck, all_checks
from installation.models import StoredAnswer
from installation.situation import situation, stored

DEADLINE = 120.0  # seconds for all of them together
HOLDS = timedelta(hours=7)  # a little more than the schedule's pause
QUEUE_DOWN = "It does not answer: nothing could be queued."


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredCheck:
    """`asked_at` None: it was never asked."""

    check: SetupCheck
    answer: SetupAnswer
    asked_at: datetime | None


def check_setup(*, now: datetime) -> Standing:
    """Ask them all, beside each other, and store the answers. Gives the worst."""
    _store([_row(check, answer, now) for check, answer in _ask_all(now)])
    return worst(one.answer.standing for one in known_answers(now=now))


def _ask_all(now: datetime) -> Iterator[tuple[SetupCheck, SetupAnswer]]:
    start = situation(now=now)
    checks = [check for check in all_checks() if check.ask]
    pool = ThreadPoolExecutor(len(checks))
    until = monotonic() + DEADLINE
    asked = [(check, pool.submit(check.ask, start)) for check in checks if check.ask]
    for check, future in asked:
        yield check, _in_time(future, until - monotonic())
    pool.shutdown(wait=False)  # who is late has deadlines of his own


def _in_time(future: Future[SetupAnswer], seconds: float) -> SetupAnswer:
    try:
        return future.result(max(seconds, 0.001))
    except TookTooLong:
        return unknown(f"No answer within {DEADLINE:.0f} s.")


def _row(check: SetupCheck, answer: SetupAnswer, now: datetime) -> StoredAnswer:
    return StoredAnswer(
        check_name=check.name,
        standing=answer.standing,
        words=answer.words[:500],
        line=answer.line[:500],
        ones=[[one.name, one.words[:500]] for one in answer.ones],
        asked_at=now,
    )


def note_queue_down(*, now: datetime) -> None:
    """Whoever could not queue has learnt it: no worker will."""
    check = next(one for one in all_checks() if one.name == "redis")
    _store([_row(check, wrong(QUEUE_DOWN), now)])


def _store(rows: list[StoredAnswer]) -> None:
    fields = ["standing", "words", "line", "ones", "asked_at"]
    StoredAnswer.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["check_name"], update_fields=fields
    )


def known_answers(*, now: datetime) -> list[AnsweredCheck]:
    """Of each check the last answer. An old one is no answer."""
    rows = {row.check_name: row for row in StoredAnswer.objects.all()}
    seen = stored(now=now)
    return [
        AnsweredCheck(check=check, answer=check.look(seen), asked_at=now)
        if check.look
        else _last(check, rows.get(check.name), now)
        for check in all_checks()
    ]


def _last(check: SetupCheck, row: StoredAnswer | None, now: datetime) -> AnsweredCheck:
    if row is None:
        return AnsweredCheck(check=check, answer=unknown("It was not asked yet."), asked_at=None)
    answer = SetupAnswer(
        standing=Standing(row.standing),
        words=row.words,
        line=row.line,
        ones=tuple(_ones(row.ones)),
    )
    if not is_fresh(row.asked_at, within=HOLDS, now=now):
        answer = unknown(f"It was not asked lately. Then: {row.words}")
    return AnsweredCheck(check=check, answer=answer, asked_at=row.asked_at)


def _ones(stored: Iterable[list[str]]) -> Iterator[One]:
    for name, words in stored:
        yield One(name=name, words=words)
