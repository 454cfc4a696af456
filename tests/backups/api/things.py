"""One thing of each list of the API."""

from zlib import compress

from backups.models import (
    BackupPlan,
    OtherFile,
    Policy,
    Recording,
    RecordingLedger,
    ResultCopy,
    Run,
    WipeCertificate,
)
from devices.models import Experiment, Storage
from incidents.models import Incident


def make_one_of_each(device, snapshot, now):
    """By the name of the list: what stands in the address of that thing."""
    of_it = {"device": device}
    seen = {"first_seen_at": now, "size_bytes": 4}
    experiment = Experiment.objects.create(
        **of_it, writer="sqlite", filename="a.db", first_seen_at=now, listed_at=now
    )
    copy = ResultCopy.objects.create(
        **of_it, **seen, path="a.db", filename="a.db", modified_at=now, state="usable",
        inspected_at=now, user="=1+1",
    )  # fmt: skip
    recording = Recording.objects.create(**of_it, folder="f", chunk_count=1, size_bytes=1)
    ledger = RecordingLedger.objects.create(
        **of_it, recording="2026-01-03_10-00-00", first_known_at=now, kind="lost", since=now,
        reason="chunk 1 is lost", at_risk_bytes=9, known_count=1, looked_at=now,
    )  # fmt: skip
    OtherFile.objects.create(**of_it, **seen, name="upload/a", path=b"upload/a")
    run = Run.objects.create(
        **of_it, kind="mirror", trigger="person", queued_at=now, not_before=now, log="hello"
    )
    empty = compress(b"")
    certificate = WipeCertificate.objects.create(
        **of_it, number="20261127-1", device_id_then=device.device_id, made_at=now, listed_at=now,
        item_count=1, size_bytes=1, checked_at=now, body=empty, sums=empty,
        signed_by="ssh-ed25519 AAAA", body_signature="x", sums_signature="y",
    )  # fmt: skip
    incident = Incident.objects.create(
        key="backup 1", kind="corrupt", severity="critical", **of_it, state="open",
        backup_type="sqlite", first_seen_at=now, opened_at=now,
    )  # fmt: skip
    policy = Policy.objects.filter(group=None).first()
    return {
        "devices": device.device_id,
        "snapshots": snapshot.pk,
        "daemons": "mysql",
        "services": "mysql",
        "experiments": experiment.pk,
        "recordings": recording.pk,
        "items": f"recording-{ledger.pk}",
        "copies": copy.pk,
        "certificates": certificate.number,
        "runs": run.pk,
        "plans": BackupPlan.objects.create(mirror_here=True).pk,
        "policies": policy.pk if policy else Policy.objects.create(**_LIMITS).pk,
        "incidents": incident.pk,
        "storages": Storage.objects.create(name="nas1").pk,
    }


_LIMITS = {"backup_type": "sqlite", "max_age": "01:00", "grace": "01:00", "evidence_ttl": "00:20"}
