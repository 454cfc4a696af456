"""Kinds of run that read what is here and on the card, and bring nothing."""

from datetime import timedelta

from backups.models import RunKind
from backups.services.runs.connection import SSH, ConnectionReport, try_doors
from backups.services.runs.kinds.declaration import KindOfRun, PlanEntry
from backups.services.runs.kinds.suits import NO_ADDRESS, with_address, with_copies
from backups.services.runs.list_card import list_device_card
from backups.services.runs.nights import budget_of, is_night
from backups.services.runs.prove import prove_device
from backups.services.runs.reports import ListingReport, ProofReport, VerifyReport
from backups.services.runs.verify import verify_device
from backups.services.runs.wipe import WipeReport, ask_to_wipe

CHECKING = (
    KindOfRun(
        kind=RunKind.VERIFY,
        button="Verify copies",
        icon="fact_check",
        question="Verify its copies now?",
        explained=(
            "A worker reads every database copy of this device to its end, and its videos, those"
            " first that were never read. What is damaged becomes corrupt in the next verdict."
        ),
        job=verify_device,
        report=VerifyReport,
        suits=with_copies,
        lacks="no copy of its data is here yet",
        plan=PlanEntry(
            title="Verification",
            fields=("verify_here", "verify_every"),
        ),
    ),
    KindOfRun(
        kind=RunKind.LIST_CARD,
        button="List its card",
        icon="sd_card",
        question="List its card now?",
        explained=(
            "A worker sends a small read-only program over ssh, which tells every file on the card"
            " and the rows of each database. Nothing is installed or written on the device."
        ),
        job=list_device_card,
        report=ListingReport,
        suits=with_address,
        lacks=NO_ADDRESS,
        door=SSH,
        plan=PlanEntry(
            title="Listing of cards",
            fields=("list_card_here", "list_card_every"),
            pause_when_busy=timedelta(minutes=10),
        ),
    ),
    KindOfRun(
        kind=RunKind.PROVE,
        button="Prove contents",
        icon="verified",
        question="Prove its contents now?",
        explained=(
            "A worker lists the card, and reads what is not proven yet to its end: on the card, at"
            " a low rate, and here, from the disk. What is equal on both sides is proven."
        ),
        job=prove_device,
        report=ProofReport,
        suits=with_address,
        lacks=NO_ADDRESS,
        door=SSH,
        plan=PlanEntry(
            title="Proof of content",
            fields=(
                "prove_here",
                "prove_every",
                "prove_from",
                "prove_until",
                "prove_gigabytes",
            ),
            opens=is_night,
            budget=budget_of,
        ),
    ),
    KindOfRun(
        kind=RunKind.WIPE,
        button="May I wipe it?",
        icon="contract_delete",
        question="Ask whether its card may be wiped?",
        explained=(
            "A worker lists the card twice, asks the device's MariaDB, and looks at our copies. Yes"
            " is said only where everything is equal here. Nothing is deleted by us, ever."
        ),
        job=ask_to_wipe,
        report=WipeReport,
        suits=with_address,
        lacks=NO_ADDRESS,
        door=SSH,
    ),
)
TRYING_DOORS = KindOfRun(
    kind=RunKind.CONNECT,
    button="Test connection",
    icon="cable",
    question="Test the connection to it now?",
    explained=(
        "A worker asks the device by HTTP who it is, logs in by ssh and leaves again, and asks"
        " its MariaDB for its databases. Nothing is read or written beyond that."
    ),
    job=try_doors,
    report=ConnectionReport,
    suits=with_address,
    lacks=NO_ADDRESS,
    brief=True,
)
