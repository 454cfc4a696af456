"""`make faults`: random worlds against the product, from end to end."""

import argparse
import logging
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--seed", default="")
    parser.add_argument("--device", type=int, help="this one alone, as it was in its world")
    parser.add_argument("--start", type=float, help="of the first look, in epoch seconds")
    parser.add_argument("--kind", action="append", default=[], help="only faults of this kind")
    parser.add_argument("--healthy", action="store_true", help="the same devices without faults")
    parser.add_argument("--shown", type=int, default=20, help="failing cases told in full")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    seed = given.seed or secrets.token_hex(3)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="faults-", dir=in_memory()) as folder:
        return _with_database(given, seed, Path(folder))


def in_memory() -> str | None:
    """A hundred thousand small files: not on a disk, where there is another place."""
    memory = Path("/dev/shm")  # noqa: S108  a folder of its own is made in there
    return str(memory) if os.access(memory, os.W_OK) else None


def _with_database(given: argparse.Namespace, seed: str, folder: Path) -> int:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "ethonode.settings",
        "ETHONODE_VAR_DIR": str(folder / "var"),
        "ETHONODE_SECRET_KEY": "only-for-tests",
        "ETHONODE_NODE_URL": "",
    }
    import django

    django.setup()
    from django.test.utils import setup_databases, teardown_databases

    logging.disable(logging.CRITICAL)
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        return _try(given, seed, folder)
    finally:
        teardown_databases(databases, verbosity=0)


def _try(given: argparse.Namespace, seed: str, folder: Path) -> int:
    from tests.faults import report
    from tests.faults.births import MOST_AT_ONCE
    from tests.faults.fleet import try_devices
    from tests.faults.mariadb import world_mariadb
    from tests.faults.score import Score
    from tests.faults.server import world_server
    from tests.faults.strikes import all_kinds

    all_kinds()
    score, began = Score(), time.monotonic()
    start = given.start or time.time() // 3600 * 3600
    numbers = range(1, given.devices + 1) if given.device is None else [given.device]
    with (
        suppress(KeyboardInterrupt),  # then what it found so far is told
        world_server() as server,
        world_mariadb(folder / "mariadb") as mariadb,
    ):
        for first in range(0, len(numbers), MOST_AT_ONCE):
            try_devices(
                numbers[first : first + MOST_AT_ONCE],
                seed=seed,
                root=folder / f"world-{first}",
                start=start,
                server=server,
                mariadb=mariadb,
                score=score,
                with_faults=not given.healthy,
                only=given.kind,
            )
            print(f"{score.devices} devices, {time.monotonic() - began:.0f} s", file=sys.stderr)
    told = score.findings if given.device else report.first_of_each(score.findings)
    for finding in told[: given.shown]:
        print(report.described(finding), "\n")
    _tell_by_kind(report.first_of_each(score.findings))
    print(*report.figures(score), sep="\n")
    print(f"seconds                     {time.monotonic() - began:6.0f}")
    if not given.healthy and given.device is None:
        print("never struck:", report.never_struck(score) or "none")
    return bool(score.findings)


def _tell_by_kind(findings) -> None:
    by_kind = Counter((finding.what, finding.kinds) for finding in findings)
    for (what, kinds), count in by_kind.most_common(40):
        print(f"{count:5} {what}: {kinds}")


if __name__ == "__main__":
    sys.exit(main())
