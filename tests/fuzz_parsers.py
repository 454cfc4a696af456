"""`make fuzz-parsers`: each parser of outside data gets 100,000 inputs of a fuzzer that sees which
branches they reach (atheris: libFuzzer for Python), in a process of its own.

Ends with 1 where one raised what is none of its own errors, hung, or took 1 GB; what it was given
is then below var/fuzz/.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

INPUTS = 100_000
DRAWN = 200  # inputs as tests draw them, to begin with
OURS = ["backups", "devices", "ethonode"]
LIMITS = ["-timeout=20", "-rss_limit_mb=1024", "-max_len=16384", "-print_final_stats=1"]
ROOT = Path(__file__).resolve().parents[1]  # of ours nothing is imported yet: it is watched
FOUND = ROOT / "var" / "fuzz"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=INPUTS, help="to each parser")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="parsers whose names hold this")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "ethonode.settings",
        "ETHONODE_SECRET_KEY": "only-for-tests",
        "ETHONODE_DATABASE_URL": "sqlite://:memory:",
    }
    if asked.one:
        return fuzz(asked.one, inputs=asked.inputs, seed=asked.seed)
    with tempfile.TemporaryDirectory(prefix="fuzz", dir="/dev/shm") as folder:
        os.environ |= {"ETHONODE_VAR_DIR": folder, "TMPDIR": folder}
        names = [name for name in known() if asked.only in name]
        if not names:
            parser.error(f"no parser is called so: {asked.only!r}")
        done = [is_fuzzed(name, inputs=asked.inputs, seed=asked.seed) for name in names]
        return int(not all(done))


def known() -> list[str]:
    import django

    django.setup()
    from tests.parsers import PARSERS

    return list(PARSERS)


def is_fuzzed(name: str, *, inputs: int, seed: int) -> bool:
    words = [sys.executable, "-m", "tests.fuzz_parsers", "--one", name]
    words += ["--inputs", str(inputs), "--seed", str(seed)]
    ended = subprocess.run(words, capture_output=True, text=True, errors="replace", cwd=ROOT)
    tried = re.search(r"stat::number_of_executed_units: *(\d+)", ended.stderr)
    reached = re.findall(r"cov: (\d+)", ended.stderr)
    count, branches = int(tried[1]) if tried else 0, int(reached[-1]) if reached else 0
    well = ended.returncode == 0 and count >= inputs and branches > 0
    print(
        f"{'ok ' if well else 'BAD'} {name:28} {count:9,} inputs {branches:6,} branches", flush=True
    )
    if not well:
        print(ended.stdout[-4000:], ended.stderr[-4000:], sep="\n")
    return well


def fuzz(name: str, *, inputs: int, seed: int) -> int:
    """Its process ends in here, and cleans nothing up: whoever started it does."""
    import atheris

    with atheris.instrument_imports(include=OURS):
        import django

        django.setup()
        from tests.parsers import PARSERS
    parser = PARSERS[name]
    if parser.has_rows:
        from django.core.management import call_command

        call_command("migrate", verbosity=0)

    def give(raw: bytes) -> None:
        with suppress(*parser.refusals):
            parser.ask(parser.inputs.read(raw))

    corpus = Path(tempfile.mkdtemp())
    _draw(parser.inputs, corpus)
    found = FOUND / re.sub(r"\W+", "-", name)
    found.mkdir(parents=True, exist_ok=True)
    words = [f"-runs={inputs}", f"-seed={seed}", f"-artifact_prefix={found}/", str(corpus)]
    atheris.Setup(["fuzz", *LIMITS, *words], give)
    atheris.Fuzz()
    return 0


def _draw(inputs, corpus: Path) -> None:
    @settings(
        max_examples=DRAWN,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs.drawn)
    def draw(value: object) -> None:
        written = inputs.write(value)
        (corpus / f"{len(list(corpus.iterdir())):05}").write_bytes(written)

    draw()


if __name__ == "__main__":
    sys.exit(main())
