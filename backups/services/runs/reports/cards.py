"""What a listing of a card, and a pull of its other files, count."""

from backups.engine.byte_sizes import human_size
from backups.services.runs.jobs import RunReport, Sheet


class ListingReport(RunReport, frozen=True, kw_only=True):
    """What a card holds. `databases`: [path, what is told of it, why nothing is]."""

    file_count: int | None = None
    folder_count: int = 0
    size_bytes: int = 0
    free_bytes: int = 0
    new_experiments: int = 0
    databases: tuple[tuple[str, str, str], ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    health: tuple[tuple[str, str], ...] = ()

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        return (
            Sheet(
                title="On the card",
                columns=("Files", "Folders", "Size", "Free", "Experiments new to us"),
                rows=(self._counts,) if self.file_count is not None else (),
            ),
            Sheet(title="Databases", columns=("File", "Rows", "Note"), rows=self.databases),
            Sheet(title="What could not be read", columns=("Path", "Why"), rows=self.unread),
            Sheet(title="The device", columns=("What", "Told"), rows=self.health),
        )

    @property
    def _counts(self) -> tuple[str, ...]:
        counts = (f"{self.file_count or 0:,}", f"{self.folder_count:,}")
        sizes = (human_size(self.size_bytes), human_size(self.free_bytes))
        return (*counts, *sizes, f"{self.new_experiments:,}")


class FilesReport(RunReport, frozen=True, kw_only=True):
    """What came of a card's other files. Names are cut to 20."""

    file_count: int = 0
    wire_bytes: int = 0
    left_count: int = 0
    left: tuple[str, ...] = ()

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        rows = tuple(("did not come", name) for name in self.left)
        return (Sheet(title="What is not here", columns=("What", "File"), rows=rows),)
