"""Whether what is locked has known holes, and of how much nobody could say: `make audit`.

pip-audit itself says “No known vulnerabilities found” where it could ask for nothing. Ends with 1
for a hole, with 3 (`--all`) where not all could be asked for, else with 0.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
UV = ROOT / ".venv" / "bin" / "uv"
PIP_AUDIT = "pip-audit@2.10.1"
PATIENCE = 120.0
HOLES, NOT_ALL = 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """`holes`: a line each; `unasked`: by package, why nothing is known of it."""

    count: int
    holes: tuple[str, ...]
    unasked: Mapping[str, str]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Audit":
        """From what pip-audit writes with `-f json`."""
        packages = told["dependencies"]
        return cls(
            count=len(packages),
            holes=tuple(_hole(one, hole) for one in packages for hole in one.get("vulns", ())),
            unasked={one["name"]: one["skip_reason"] for one in packages if "skip_reason" in one},
        )

    def lines(self) -> list[str]:
        asked = self.count - len(self.unasked)
        first = next(iter(self.unasked.values()), "")
        unknown = f"; of {len(self.unasked)} nobody could say: {first}" if self.unasked else ""
        return [f"{asked} of {self.count} packages were asked for{unknown}", *self.holes]

    def exit_code(self, *, asks_for_all: bool) -> int:
        if self.holes:
            return HOLES
        return NOT_ALL if asks_for_all and self.unasked else 0


def _hole(package: Mapping[str, Any], hole: Mapping[str, Any]) -> str:
    mended = ", ".join(hole.get("fix_versions", ())) or "no version yet"
    return f"{package['name']} {package['version']}: {hole['id']}, mended in {mended}"


def ask(requirements: Path) -> Audit:
    """Raises ValueError where there was no answer that could be read."""
    words = [UV, "tool", "run", PIP_AUDIT, "--require-hashes", "--disable-pip", "-f", "json"]
    done = subprocess.run(
        [*words, "-r", requirements], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if not done.stdout.strip():
        raise ValueError(done.stderr.strip()[-500:] or "no answer")
    return Audit.of(json.loads(done.stdout))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="fail where not all could be asked for")
    asked = parser.parse_args()
    try:
        found = ask(ROOT / "requirements.txt")
    except (ValueError, subprocess.TimeoutExpired) as error:
        print(f"Known holes: nobody could say: {error}")
        return NOT_ALL if asked.all else 0
    print("Known holes:", *found.lines(), sep="\n  ")
    return found.exit_code(asks_for_all=asked.all)


if __name__ == "__main__":
    sys.exit(main())
