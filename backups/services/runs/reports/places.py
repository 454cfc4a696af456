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
