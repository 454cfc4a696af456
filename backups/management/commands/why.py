"""`manage.py why DEVICE`: each backup's verdict, and all that it rests on."""

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from backups import words
from backups.badges import availability
from backups.dashboard import BackupStatus, device_status
from backups.engine.evidence import evidence_of
from devices.models import Device, NodeStatus
from devices.terminal import OurCommand


class Command(OurCommand):
    help = "Say why a device's backups are judged as they are, and what would clear that."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("device", help="machine id, or a name; of a name that repeats, all")

    def handle(self, *args: Any, device: str, **options: Any) -> None:
        found = Device.objects.filter(device_id=device) or Device.objects.filter(name=device)
        if not found:
            raise CommandError(f"{device}: no device of this id or name")
        now = timezone.now()
        for one in found:
            self.stdout.write("\n".join(_lines(one, now)))


def _lines(device: Device, now: datetime) -> Iterator[str]:
    status = device_status(device, now=now)
    yield f"{device} ({device.device_id}): {status.verdict}"
    yield f"  {words.headline(status, now=now)}"
    yield from (f"  {line}" for line in _of_place(device, now))
    for kind, backup in status.backups.items():
        yield f"{words.TYPE_NAMES[kind]}: {backup.judgement.verdict}"
        yield from (f"  {line}" for line in _of_backup(backup, now))


def _of_place(device: Device, now: datetime) -> Iterator[str]:
    """Where there are several nodes, how its own is; and where else its id was told of."""
    if name := device.node_if_several:
        asked = NodeStatus.objects.filter(name=name).first()
        error = f": {asked.error}" if asked and asked.error else ""
        yield f"node {name}: {availability(asked, now)}{error}"
    if device.told_twice:
        yield device.told_twice


def _of_backup(backup: BackupStatus, now: datetime) -> Iterator[str]:
    judgement, facts = backup.judgement, backup.facts
    yield f"rule: {judgement.rule} {words.since(judgement, now=now)}".rstrip()
    if judgement.clears:
        yield f"what clears it: {judgement.clears}"
    if risk := words.at_risk(facts, now=now):
        yield risk
    yield f"on the device: {words.on_the_device(facts)}"
    yield from (f"evidence: {line}" for line in evidence_of(facts, now=now))
    for item in words.wrong_items(facts):
        problem = item.problem
        yield f"{item.kind}: {problem.name}: {problem.reason}"
        yield f"    since {problem.since:%Y-%m-%d %H:%M} UTC; cleared by {item.clears}"
    if more := words.left_out(facts):
        yield f"and {more} more"
    yield from (f"does not agree: {finding}" for finding in facts.findings)
