"""Give one message to the child that sends, and take its answer."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings

from devices.texts import one_line
from incidents.engine.jobs import Receipt, SendJob
from incidents.models import Channel
from incidents.models.channels import ChannelSort
from incidents.services.secrets import Unreadable, installation, opened

DEADLINE = 20  # seconds for the child, which ends itself
PATIENCE = 10  # more, until it is killed
# A proxy would resolve names where nobody looks at the addresses.
KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
HOME = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What is sent as one: one message, or a summary of several."""

    key: str
    title: str
    body: str
    facts: list[dict[str, Any]]


def send(channel: Channel, parcel: Parcel, *, now: datetime) -> Receipt:
    """Whatever goes wrong is an answer: that nothing came in time is one, too."""
    try:
        address, signing_key = opened(channel)
    except Unreadable as error:
        return Receipt(accepted=False, text=str(error))
    key = f"{installation()}-{parcel.key}"
    told = {"key": key, "title": parcel.title, "body": parcel.body, "messages": parcel.facts}
    job = SendJob(
        address=address,
        title=parcel.title,
        body=parcel.body,
        key=key,
        deadline=DEADLINE,
        allowed=tuple(settings.ALERT_NETWORKS),
        signing_key=signing_key if channel.sort == ChannelSort.WEBHOOK else "",
        payload=json.dumps(told),
        at=int(now.timestamp()),
    )
    return run_child(job)


def run_child(job: SendJob) -> Receipt:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "incidents.send"],
            input=msgspec.json.encode(job),
            capture_output=True,
            cwd=HOME,
            env={name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ},
            timeout=job.deadline + PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Receipt(accepted=False, text="no answer in time")
    try:
        return msgspec.json.decode(done.stdout, type=Receipt)
    except msgspec.DecodeError:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        # A traceback may show the address: only the kind of error is kept.
        kind = one_line(last.partition(":")[0], limit=80)
        return Receipt(accepted=False, text=f"it could not be sent ({kind or done.returncode})")
