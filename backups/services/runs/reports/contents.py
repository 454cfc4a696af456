"""What reading to the end shows: here alone, or on both sides."""

from backups.services.runs.jobs import RunReport, Sheet

_OTHER_MOMENT = "not the same bytes: a pull of results holds it against the device"


class VerifyReport(RunReport, frozen=True, kw_only=True):
    """Databases that are not whole, by their path, and videos: what is wrong with each."""

    copies: int = 0
    corrupt: dict[str, str] = {}
    empty: dict[str, str] = {}
    busy: dict[str, str] = {}
    chunk_count: int = 0
    empty_chunks: int = 0
    scan_errors: tuple[str, ...] = ()
    videos_read: int = 0
    video_bytes_read: int = 0
    videos_left: int = 0
    damaged_videos: tuple[str, ...] = ()
    unread_videos: dict[str, str] = {}
    damaged_others: tuple[str, ...] = ()

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        wrong = {"corrupt": self.corrupt, "empty": self.empty, "could not be read": self.busy}
        rows = [(what, *one) for what, found in wrong.items() for one in found.items()]
        damaged = (*self.damaged_videos, *self.damaged_others)
        rows += [("damaged", *_halves(sentence)) for sentence in damaged]
        rows += [("could not be read", *one) for one in self.unread_videos.items()]
        return (
            Sheet(
                title="What is not whole",
                columns=("What", "File", "Why"),
                rows=tuple(rows),
            ),
        )


class ProofReport(RunReport, frozen=True, kw_only=True):
    """What was read on both sides. Names are cut to 20 of each sort."""

    equal: int = 0
    equal_before: int = 0
    left: int = 0
    size_bytes: int = 0
    differ_count: int = 0
    differ: tuple[tuple[str, str], ...] = ()
    unread_count: int = 0
    unread: tuple[tuple[str, str], ...] = ()
    lacking_count: int = 0
    lacking: tuple[str, ...] = ()
    other_moment: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        return (
            Sheet(
                title="Read to their end on both sides",
                columns=("Equal now", "Equal before", "Differ", "Not read", "Not here", "Left"),
                rows=(self._counts,),
            ),
            Sheet(
                title="What is not proven",
                columns=("What", "File", "Why"),
                rows=(
                    *(("differs", *one) for one in self.differ),
                    *(("damaged", *_halves(one)) for one in self.damaged),
                    *(("not read", *one) for one in self.unread),
                    *(("not here", one, "only the card has it") for one in self.lacking),
                    *(("another moment", one, _OTHER_MOMENT) for one in self.other_moment),
                ),
            ),
        )

    @property
    def _counts(self) -> tuple[str, ...]:
        sure = (self.equal, self.equal_before, self.differ_count)
        return tuple(f"{n:,}" for n in (*sure, self.unread_count, self.lacking_count, self.left))


def _halves(sentence: str) -> tuple[str, str]:
    file, _, why = sentence.rpartition(": ")
    return file, why
