"""`python -m tests.three_hosts`: ends with 0 where all held, 1 where not, 2 where it cannot be."""

import argparse
import sys
import time
from pathlib import Path

from tests.hosts.base import HostsFailed
from tests.hosts.network import enter_it, no_world_apart
from tests.three_hosts.files import keep_logs
from tests.three_hosts.stage import Stage, stage
from tests.three_hosts.steps import tell
from tests.three_hosts.story import Story


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.three_hosts", description=__doc__)
    parser.add_argument("--logs", type=Path, default=Path("var/three-hosts"), help="kept here")
    asked = parser.parse_args()
    if why := no_world_apart():
        print(f"three hosts cannot be made here: {why}")
        return 2
    enter_it("tests.three_hosts")
    began = time.monotonic()
    try:
        with stage() as made:
            try:
                story = told(made, time.monotonic() - began)
            finally:
                _keep(made, asked.logs)
    except HostsFailed as error:
        print(error)
        return 2
    print("\n".join(["", *story.failed]) if story.failed else "\nAll held.")
    return 1 if story.failed else 0


def told(made: Stage, seconds: float) -> Story:
    print(
        f"{time.strftime('%H:%M:%S')} {seconds:5.0f} s  set up: {', '.join(made.keeper.units)}",
        flush=True,
    )
    story = Story()
    tell(story, made)
    return story


def _keep(made: Stage, logs: Path) -> None:
    keep_logs(made.folder / "logs", logs)
    keep_logs(made.var("main") / "log", logs)


if __name__ == "__main__":
    sys.exit(main())
