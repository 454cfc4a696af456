"""Kinds of run by which copies come to another storage, and leave one."""

from backups.models import RunKind
from backups.services.runs.clear import clear_left
from backups.services.runs.kinds.declaration import KindOfRun, PlanEntry
from backups.services.runs.kinds.suits import (
    with_another_place,
    with_left_copies,
    with_second_place,
)
from backups.services.runs.move import move_device
from backups.services.runs.reports import MoveReport, SecondReport
from backups.services.runs.second_copy import copy_to_second
from backups.services.second_copies import second_places

PLACING = (
    KindOfRun(
        kind=RunKind.MOVE,
        button="Move its data",
        icon="drive_file_move",
        question="Move its data to the other storage now?",
        explained=(
            "The worker of the storage that is set for it copies all that is saved of this device,"
            " reads every file on both hosts, and only then uses the new ones. No other run of the"
            " device begins meanwhile. The old ones stay, until you delete them."
        ),
        permission="devices.move_device",
        job=move_device,
        report=MoveReport,
        suits=with_another_place,
        lacks="no other storage is set for it",
        place=lambda device: device.goes_to,
        alone=True,
        seldom=True,
    ),
    KindOfRun(
        kind=RunKind.SECOND_COPY,
        button="Make second copies",
        icon="content_copy",
        question="Bring its second copies up to date now?",
        explained=(
            "The worker of the second place copies what is new of this device's files, and reads"
            " both to their end. What lies there is never replaced by less, nor by what has become"
            " another content without being written."
        ),
        job=copy_to_second,
        report=SecondReport,
        suits=with_second_place,
        lacks="its place has no storage that keeps second copies",
        place=lambda device: next(iter(second_places(device)), None),
        seldom=True,
        plan=PlanEntry(
            title="Second copies",
            fields=("second_copy_here", "second_copy_every"),
        ),
    ),
    KindOfRun(
        kind=RunKind.CLEAR,
        button="Delete what the move left",
        icon="delete_sweep",
        question="Delete its old copies there now?",
        explained=(
            "The worker of the place that it was moved from reads every file there and the one in"
            " use once more, and deletes there what is equal. If one is not, nothing is deleted."
        ),
        permission="devices.delete_left",
        job=clear_left,
        report=MoveReport,
        suits=with_left_copies,
        lacks="no move has left anything",
        place=lambda device: device.left,
        on_main=lambda device: device.left_on_main,
        alone=True,
        seldom=True,
    ),
)
