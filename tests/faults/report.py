"""What a trial printed: its figures, and every failing case so that it can be tried alone."""

from collections.abc import Iterator
from datetime import UTC, datetime

from tests.faults.kinds import KINDS
from tests.faults.score import Finding, Score


def figures(score: Score) -> Iterator[str]:
    alarms = score.count("false alarm")
    share = 100 * alarms / score.healthy if score.healthy else 0.0
    yield f"device-cases                {score.devices:6,}"
    yield f"faults                      {score.faults.total():6,} of {len(score.faults)} kinds"
    yield f"looks at a backup           {score.looks:6,}"
    yield f"looks over a loss           {score.over_a_loss:6,}"
    yield f"  green, not yet readable   {score.not_yet.total():6,} ({_reasons(score)})"
    yield f"false greens                {score.count('false green'):6,}"
    yield f"healthy looks               {score.healthy:6,}"
    yield f"false alarms                {alarms:6,} ({share:.2f} %)"
    yield f"asked, may it be wiped      {score.asked:6,} ({score.no_answer} without an answer)"
    yield f"  while something lacked    {score.over_a_lack:6,}"
    yield f"  answered yes              {score.yes:6,}"
    yield f"false yes                   {score.count('false yes'):6,}"
    yield f"had to become yes           {score.must_be_yes:6,}"
    yield f"false no                    {score.count('false no'):6,}"
    yield f"asked: was a person told?   {score.heard:6,}"
    yield f"  nobody was told           {score.count('nobody was told'):6,}"
    yield f"  told of a healthy one     {score.count('told of a healthy one'):6,}"
    yield f"crashes                     {score.count('crash'):6,}"


def _reasons(score: Score) -> str:
    return ", ".join(f"{why}: {count}" for why, count in score.not_yet.most_common()) or "none"


def never_struck(score: Score) -> list[str]:
    return sorted(KINDS.keys() - score.faults.keys())


def first_of_each(findings: list[Finding]) -> list[Finding]:
    """A thing that is wrong is wrong at every look: the first of each backup tells."""
    found: dict[tuple[str, int, str], Finding] = {}
    for finding in findings:
        number = finding.case.device.number
        found.setdefault((finding.what, number, finding.backup_type), finding)
    return list(found.values())


def described(finding: Finding) -> str:
    """The first lines tell what is wrong, the rest why."""
    case, shown = finding.case, finding.shown
    lines = [
        f"{finding.what.upper()}: SEED={case.seed} DEVICE={case.device.number}"
        f" look {finding.look} {finding.backup_type}",
        f"  faults: {finding.kinds}",
        f"  firmware: {case.device.firmware.name}; care: {finding.care}",
    ]
    lines += [
        f"  lost: {loss.item}: {loss.what}; since {_at(loss.since)}" for loss in _some(finding)
    ]
    if shown:
        lines.append(f"  shown: {shown.verdict}: {shown.rule}")
        lines += [f"    {line}" for line in shown.evidence[:8]]
    return "\n".join([*lines, *finding.text.splitlines()])


def _some(finding: Finding) -> list:
    return finding.losses[:4]


def _at(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%d %b %H:%M}"
