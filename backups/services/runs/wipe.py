"""“May I wipe it?” as a run. Nothing is deleted, here or on the device."""

from backups.engine.errors import BackupError
from backups.engine.wipe import MayWipe, WipeAnswer, WipeFacts, WipeReason
from backups.services.certificates import certify
from backups.services.runs.jobs import Outcome, RunReport, Sheet, Work
from backups.services.runs.wipe_facts import Gathering
from backups.services.wipes import store_answers

SHOWN = 200
SENTENCES = {
    MayWipe.YES: "yes: everything on the card is equal here, and was read from our disk since",
    MayWipe.NO: "no, for {count:,} reasons",
    MayWipe.UNKNOWN: "cannot tell: {first}",
}


class WipeReport(RunReport, frozen=True, kw_only=True):
    """`reasons`: item, what lacks, and what mends it; the first of them."""

    answer: str = ""
    item_count: int | None = None
    reason_count: int = 0
    reasons: tuple[tuple[str, str, str], ...] = ()
    left_out: tuple[str, ...] = ()
    certificate: str = ""

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        columns = ("Item", "What lacks", "What mends it")
        left_out = tuple((folder,) for folder in self.left_out)
        return (
            Sheet(title="What stands against it", columns=columns, rows=self.reasons),
            Sheet(
                title="Left out: only programs keep things there",
                columns=("Folder",),
                rows=left_out,
            ),
        )


def ask_to_wipe(work: Work) -> Outcome:
    facts = Gathering(work).facts()
    answer = store_answers(work.device, facts, asked_by=work.asked_by, now=work.clock())
    if answer.answer is not MayWipe.YES:
        return _outcome(answer, facts)
    try:
        made = certify(work.device, facts, asked_by=work.asked_by, now=work.clock())
    except BackupError as error:
        return _outcome(answer, facts, problem=f"yes, but without a certificate: {error}")
    return _outcome(answer, facts, certificate=made.number)


def _outcome(
    answer: WipeAnswer, facts: WipeFacts, *, certificate: str = "", problem: str = ""
) -> Outcome:
    first = next((f"{one.item}: {one.lacks}" for one in answer.reasons), "")
    said = SENTENCES[answer.answer].format(count=len(answer.reasons), first=first)
    return Outcome(
        summary=said,
        report=WipeReport(
            answer=answer.answer,
            item_count=None if facts.items is None else len(facts.items),
            reason_count=len(answer.reasons),
            reasons=tuple(map(_told, answer.reasons[:SHOWN])),
            left_out=facts.left_out[:SHOWN],
            certificate=certificate,
        ),
        problem=said if answer.answer is MayWipe.UNKNOWN else problem,
        retry=False,
    )


def _told(reason: WipeReason) -> tuple[str, str, str]:
    return reason.item, reason.lacks, reason.remedy
