"""What a pull of videos counts and proves."""

from backups.services.runs.jobs import RunReport, Sheet


class VideosReport(RunReport, frozen=True, kw_only=True):
    """`file_count` is that of the device; None: it was not compared. Names are cut to 20."""

    file_count: int | None = None
    files_added: int = 0
    files_grown: int = 0
    repaired: tuple[str, ...] = ()
    wire_bytes: int = 0
    newer_count: int = 0
    newer: tuple[str, ...] = ()
    left_count: int = 0
    left: tuple[str, ...] = ()
    quarantined: tuple[tuple[str, str], ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        return (
            Sheet(
                title="Files",
                columns=("Files on the device", "Added", "Grown", "Newer", "Did not come"),
                rows=(self._counts,) if self.file_count is not None else (),
            ),
            Sheet(
                title="What was not here as it is there",
                columns=("What", "File", "Why"),
                rows=self._not_here,
            ),
        )

    @property
    def _counts(self) -> tuple[str, ...]:
        counted = (self.file_count or 0, self.files_added, self.files_grown, self.newer_count)
        return tuple(f"{count:,}" for count in (*counted, self.left_count))

    @property
    def _not_here(self) -> tuple[tuple[str, ...], ...]:
        return (
            *(("quarantined", *one) for one in self.quarantined),
            *(("never copied", *one) for one in self.refused),
            *(("did not come", name, "") for name in self.left),
            *(("not followed", name, "a link, or no file") for name in self.skipped),
            *(
                ("repaired", name, "ours was damaged; the device's took its place")
                for name in self.repaired
            ),
            *(("newer", name, "came or grew during this pull") for name in self.newer),
        )
