"""What a move to another storage, a deletion of what it left, and a second copy count."""

from backups.engine.byte_sizes import human_size
from backups.services.runs.jobs import RunReport, Sheet


class MoveReport(RunReport, frozen=True, kw_only=True):
    """Files that were read on both hosts, and were equal."""

    file_count: int = 0
    size_bytes: int = 0

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        row = (f"{self.file_count:,}", human_size(self.size_bytes))
        return (Sheet(title="Equal on both", columns=("Files", "Size"), rows=(row,)),)


class SecondReport(RunReport, frozen=True, kw_only=True):
    """What of a device was copied to its second place, or read again. Names are cut to 20."""

    file_count: int = 0
    proven_count: int = 0
    size_bytes: int = 0
    wrong: tuple[tuple[str, str], ...] = ()

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        row = (f"{self.file_count:,}", f"{self.proven_count:,}", human_size(self.size_bytes))
        columns = ("Files there", "Copied or read again", "Size of these")
        return (
            Sheet(title="At the second place", columns=columns, rows=(row,)),
            Sheet(title="What has no second copy", columns=("File", "Why"), rows=self.wrong),
        )
