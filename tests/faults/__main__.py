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


def argument_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--seed", default="")
    parser.add_argument("--device", type=int, help="this one alone, as it was in its world")
    parser.add_argument("--start", type=float, help="of the first look, in epoch seconds")
    parser.add_argument("--kind", action="append", default=[], help="only faults of this kind")
    parser.add_argument("--healthy", action="store_true", help="the same devices without faults")
    parser.add_argument("--wipes", action="store_true", help="only ask whether cards may be wiped")
    parser.add_argument("--shown", type=int, default=20, help="failing cases told in full")
    return parser


def main() -> int:
    given = argument_parser().parse_args()
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
        "ETHONODE_DEVICE_NETWORKS": "127.0.0.0/8",
    }
    import django

    django.setup()
    from django.test.utils import setup_databases, teardown_databases

    logging.disable(logging.CRITICAL)
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        return tried(given, seed, folder)
    finally:
        teardown_databases(databases, verbosity=0)


def tried(given: argparse.Namespace, seed: str, folder: Path) -> int:
    from tests.faults import report
    from tests.faults.score import Score
    from tests.faults.strikes import all_kinds

    if unknown := sorted(set(given.kind) - all_kinds().keys()):
        argument_parser().error(f"no kind of fault is called so: {', '.join(unknown)}")
    score, began = Score(), time.monotonic()
    numbers = range(1, given.devices + 1) if given.device is None else [given.device]
    with suppress(KeyboardInterrupt):  # then what it found so far is told
        live(given, seed, folder, numbers, score)
    told = score.findings if given.device else report.first_of_each(score.findings)
    for finding in told[: given.shown]:
        print(report.described(finding), "\n")
    _tell_by_kind(report.first_of_each(score.findings))
    print(*report.figures(score), sep="\n")
    print(f"seconds                     {time.monotonic() - began:6.0f}")
    if not (given.healthy or given.wipes) and given.device is None:
        print("never struck:", report.never_struck(score) or "none")
    if why := not_tried(given, score, len(numbers)):
        print(why)
    return bool(score.findings or why)


def live(given: argparse.Namespace, seed: str, folder: Path, numbers, score) -> None:
    from tests.faults.asking import ask_only
    from tests.faults.births import MOST_AT_ONCE
    from tests.faults.fleet import try_devices
    from tests.faults.mariadb import world_mariadb
    from tests.faults.server import world_server

    began = time.monotonic()
    start = given.start or time.time() // 3600 * 3600
    with world_server() as server, world_mariadb(folder / "mariadb") as mariadb:
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
                **({"live": ask_only} if given.wipes else {}),
            )
            print(f"{score.devices} devices, {time.monotonic() - began:.0f} s", file=sys.stderr)


def not_tried(given: argparse.Namespace, score, count: int) -> str:
    """Why nothing follows from that nothing was found."""
    if score.devices < count:
        return f"interrupted: {count - score.devices} devices did not live to their end"
    if given.kind and not (given.healthy or score.faults):
        return "nothing was tried: no fault of these kinds struck"
    return ""


def _tell_by_kind(findings) -> None:
    by_kind = Counter((finding.what, finding.kinds) for finding in findings)
    for (what, kinds), count in by_kind.most_common(40):
        print(f"{count:5} {what}: {kinds}")


if __name__ == "__main__":
    sys.exit(main())
