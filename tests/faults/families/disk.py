"""Our disk: unmounted, replaced, full of strange things."""

from contextlib import contextmanager

from tests.faults import targets
from tests.faults.kinds import BLIND, HARMLESS, kind


@contextmanager
def _away(folder, *, empty):
    aside = folder.with_name(f"{folder.name}.aside")
    folder.rename(aside)
    if empty:
        folder.mkdir()
    try:
        yield
    finally:
        if empty:
            folder.rmdir()
        aside.rename(folder)


def _once(case, around):
    """For the next look only."""

    def first():
        case.switches.around_look.remove(first)
        return around()

    case.switches.around_look.append(first)


@kind("results unmounted", targets.saved, effect=BLIND)
def results_empty(case, target, rng):
    _once(case, lambda: _away(case.results, empty=True))


@kind("results gone", targets.saved, effect=BLIND)
def results_gone(case, target, rng):
    _once(case, lambda: _away(case.results, empty=False))


@kind("videos unmounted", targets.chunks, effect=BLIND)
def videos_empty(case, target, rng):
    _once(case, lambda: _away(case.videos, empty=True))


@kind("videos gone", targets.chunks, effect=BLIND)
def videos_gone(case, target, rng):
    _once(case, lambda: _away(case.videos, empty=False))


@kind("device's folder of results is a link", targets.saved, effect=BLIND)
def link(case, target, rng):
    folder = case.results / case.device.device_id
    aside = case.root / f"aside-{case.device.number}"
    case.care.stop()
    folder.rename(aside)
    folder.symlink_to(aside)


@kind("cache of videos is garbage", targets.chunks, effect=HARMLESS)
def cache(case, target, rng):
    for path in (case.root / "cache").glob(f"*{case.device.device_id}*"):
        path.write_bytes(b"garbage")


@kind("hidden files and leftovers beside the chunks", targets.recordings, effect=HARMLESS)
def leftovers(case, recording, rng):
    folder = case.here(recording)
    (folder / ".chunk.h264.Xy12Zq").write_bytes(b"rest")
    (folder / "index.html").write_bytes(b"<html>")


@kind("hidden leftover beside a copy", targets.saved, effect=HARMLESS)
def leftover(case, one, rng):
    (case.here(one).parent / f".{one.filename}.Xy12Zq").write_bytes(b"rest")
