"""The video scan against scandir+stat and find, in one run on one machine.

python -m benchmarks.video_scan --short | --chunks 10000,100000 [--long] [--dir FOLDER]

Counts must hold anywhere: a goal missed there fails. Ratios are shown with their goal, and fail
nothing: they depend on what else the machine does. Times are processor seconds, caches warm.
"""

import argparse
import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections import Counter
from pathlib import Path

from backups.engine.videos.cache import CacheFile
from backups.engine.videos.facts import ScanResult
from backups.engine.videos.folder import VideoCache
from backups.engine.videos.pages import find_chunks
from backups.engine.videos.scan import scan_device
from benchmarks.measures import FAILED, best_of, must, show
from benchmarks.plain_scans import WEEK, find_all, look_at, needed_looks, plain_scan
from benchmarks.trees import DAY, MadeTree, make_tree

DEVICE = "0192c3d4e5f60718293a4b5c6d7e8f90"
ROUNDS = 9


def main() -> int:
    options = _options()
    if options.child:
        return _child(options.child, Path(options.dir), options.now)
    folder = Path(tempfile.mkdtemp(prefix="video-scan-", dir=options.dir))
    try:
        for count in options.chunks:
            _one_device(folder, count)
        _many_devices(folder, 200 if options.long else 20, 10_000)
    finally:
        shutil.rmtree(folder)
    print("FAILED: " + ", ".join(FAILED) if FAILED else "every count is as promised")
    return bool(FAILED)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--short", action="store_true", help="up to 100,000 chunks; 20 devices")
    parser.add_argument("--long", action="store_true", help="500,000 too, and 200 devices")
    parser.add_argument("--dir", help="where to make the trees")
    parser.add_argument("--child", choices=["first", "rescan", "plain"], help=argparse.SUPPRESS)
    parser.add_argument("--now", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    short = [10_000, 100_000]
    options.chunks = options.chunks or ([*short, 500_000] if options.long else short)
    return options


def _one_device(folder: Path, count: int) -> None:
    root = folder / str(count)
    tree = make_tree(root / DEVICE, count, now=time.time() + 60 * DAY)
    floor = tree.folder_count + tree.young_count
    print(f"\n{count:,} chunks, {tree.folder_count:,} folders, {tree.young_count:,} young")
    first, file = _save_first(tree)
    _times(tree, file)
    _cache(count, file, first.cache)
    _pages(count, file)
    calls = {kind: _calls(kind, tree) for kind in ("plain", "first", "rescan")}
    for kind, counted in calls.items():
        looks, listings, opened = counted["stat"], counted["getdents"], counted["openat"]
        print(f"  {kind:7} {looks:9,} stat {listings:7,} getdents {opened:6,} openat")
    must(calls["rescan"]["stat"] <= floor * 1.01 + 2, f"stats of a rescan <= {floor:,} + 1 %")
    must(calls["rescan"]["getdents"] == 0, "no folder listed by a rescan")
    show("peak RSS of a rescan", _peak_megabytes("rescan", tree), "<= 60 MB", 60)
    show("peak RSS of a first scan", _peak_megabytes("first", tree), "<= 60 MB", 60)
    shutil.rmtree(root)


def _save_first(tree: MadeTree) -> tuple[ScanResult, CacheFile]:
    file = _file_of(tree.device_dir)
    time.sleep(0.02)  # the clocks of filesystems are coarse
    first = _scan(tree, VideoCache())
    file.save(first.cache)
    return first, file


def _times(tree: MadeTree, file: CacheFile) -> None:
    needed = needed_looks(tree)
    best = best_of(
        {
            "looks": lambda: look_at(needed),
            "plain": lambda: plain_scan(tree.device_dir),
            "find": lambda: find_all(tree.device_dir),
            "first": lambda: _scan(tree, VideoCache()),
            "rescan": lambda: _scan(tree, file.load()),
        },
        rounds=ROUNDS,
    )
    plain = best["plain"]
    print(f"  scandir+stat {plain:.4f} s, find {best['find']:.4f} s")
    print(f"  first scan {best['first']:.4f} s, rescan {best['rescan']:.4f} s with loading")
    show("first scan / scandir+stat", best["first"] / plain, "<= 1.25", 1.25)
    show("scandir+stat / rescan", -plain / best["rescan"], ">= 15", -15)
    print(
        f"  its looks alone take {best['looks']:.4f} s: no rescan here exceeds "
        f"{plain / best['looks']:.1f}"
    )
    print(f"  find / rescan {best['find'] / best['rescan']:.1f}")


def _cache(count: int, file: CacheFile, cache: VideoCache) -> None:
    best = best_of({"load": file.load, "save": lambda: file.save(cache)}, rounds=ROUNDS)
    load, save = best["load"] * 1e3, best["save"] * 1e3
    per_chunk = file.path.stat().st_size / count
    must(per_chunk <= 110, f"cache: {per_chunk:.1f} bytes a chunk <= 110")
    show("load, ms per 100k", load * 1e5 / count, "<= 5", 5)
    print(f"  load {load:.2f} ms, save {save:.2f} ms")


def _pages(count: int, file: CacheFile) -> None:
    """What a request for a page costs, the loading included: one far in, and one by name."""
    middle = find_chunks(file.load(), limit=count // 2)[-1].position
    best = best_of(
        {
            "page": lambda: find_chunks(file.load(), limit=100, after=middle),
            "search": lambda: find_chunks(file.load(), limit=100, search="in no name"),
        },
        rounds=ROUNDS,
    )
    page, search = best["page"] * 1e3, best["search"] * 1e3
    print(f"  page of 100 from the middle {page:.1f} ms, search of all names {search:.1f} ms")


def _many_devices(folder: Path, devices: int, count: int) -> None:
    root = folder / "many"
    now = time.time() + 60 * DAY
    trees = [make_tree(root / f"{n:032x}", count, now=now, seed=n) for n in range(devices)]
    for tree in trees:
        _save_first(tree)
    best = best_of(
        {"all": lambda: [_scan(tree, _file_of(tree.device_dir).load()) for tree in trees]},
        rounds=ROUNDS,
    )
    print(f"\n{devices} devices x {count:,} chunks")
    grown = _grown_bytes(trees)
    one = _file_of(trees[0].device_dir).path.stat().st_size
    must(grown <= one, f"after all of them {grown:,} bytes more are held <= one cache, {one:,}")
    show("rescan of all, s for each 200", best["all"] * 200 / devices, "<= 1", 1)


def _grown_bytes(trees: list[MadeTree]) -> int:
    """What one process holds more once it has scanned all, than when it had scanned the first."""
    tracemalloc.start()
    held = [_held_bytes(tree) for tree in trees]
    tracemalloc.stop()
    return held[-1] - held[0]


def _held_bytes(tree: MadeTree) -> int:
    _scan(tree, _file_of(tree.device_dir).load())
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _file_of(device_dir: Path) -> CacheFile:
    directory = device_dir.parent / ".cache"
    return CacheFile(directory=directory, device_id=device_dir.name, secret=b"benchmark")


def _scan(tree: MadeTree, cache: VideoCache) -> ScanResult:
    return scan_device(tree.device_dir, cache, now=tree.now, settled_after=WEEK)


def _child(kind: str, device_dir: Path, now: float) -> int:
    """Do one thing between two marks, and say how much memory it took."""
    tree = MadeTree(device_dir, now, 0, 0, 0)
    os.access("/begin", os.F_OK)
    if kind == "plain":
        plain_scan(device_dir)
    else:
        _scan(tree, _file_of(device_dir).load() if kind == "rescan" else VideoCache())
    os.access("/end", os.F_OK)
    print(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])  # type: ignore[index]
    return 0


def _command(kind: str, tree: MadeTree) -> list[str]:
    module = [sys.executable, "-m", "benchmarks.video_scan"]
    return [*module, "--child", kind, "--dir", str(tree.device_dir), "--now", str(tree.now)]


def _peak_megabytes(kind: str, tree: MadeTree) -> float:
    answer = subprocess.run(_command(kind, tree), capture_output=True, text=True, check=True)
    return int(answer.stdout) / 1024


def _calls(kind: str, tree: MadeTree) -> Counter[str]:
    """Count system calls by family, as strace sees them."""
    with tempfile.NamedTemporaryFile() as log:
        traced = ["strace", "-f", "-o", log.name, *_command(kind, tree)]
        subprocess.run(traced, stdout=subprocess.DEVNULL, check=True)
        between = Path(log.name).read_text().split('"/begin"')[1].split('"/end"')[0]
    names = re.findall(r"^\d+ +(\w+)\(", between, re.MULTILINE)
    return Counter(
        "stat" if "stat" in name else "getdents" if "getdents" in name else name for name in names
    )


if __name__ == "__main__":
    sys.exit(main())
