"""What the real software answered and wrote: tests/recordings/, whose INDEX.md tells of each."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class RealAnswers:
    """An answer's name is its path without suffix: `node/t3_devices_13_offline`."""

    root: Path

    def body(self, name: str) -> bytes:
        return (self.root / f"{name}.body").read_bytes()

    def told(self, name: str) -> Any:
        return json.loads(self.body(name))

    def told_at(self, name: str) -> datetime:
        meta = (self.root / f"{name}.meta").read_text()
        return datetime.fromtimestamp(float(meta.partition("epoch=")[2].split()[0]), UTC)

    def names(self, pattern: str) -> list[str]:
        found = self.root.glob(f"{pattern}.body")
        return sorted(str(path.relative_to(self.root).with_suffix("")) for path in found)

    def file(self, pattern: str) -> Path:
        """The one file of data/ with such a name."""
        [path] = (self.root / "data").glob(pattern)
        return path


# For what pytest must know before there are fixtures; tests take the fixture `real`.
REAL = RealAnswers(Path(__file__).with_name("recordings"))
