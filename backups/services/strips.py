"""The strip of a recording, from what is remembered of it."""

from backups.engine.videos.judge import Growth
from backups.engine.videos.ledger import unpack_items
from backups.engine.videos.strip import Strip, strip_of
from backups.models import RecordingLedger
from backups.services.ledger_rows import damages_of, seconds


def recording_strip(row: RecordingLedger) -> Strip:
    """As the newest look left it."""
    damages = damages_of(row.device, recording=row.recording).get(row.recording, {})
    growth = Growth(
        growing=row.growing,
        advanced_at=seconds(row.advanced_at),
        grew_at=seconds(row.grew_at),
        told_at=seconds(row.told_at),
    )
    return strip_of(unpack_items(bytes(row.memory)), damages, growth)
