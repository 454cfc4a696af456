"""Memory: a cache is loaded, used and let go."""

import gc
import tracemalloc

from backups.engine.videos.cache import CacheFile
from tests.engine.videos.conftest import Tree


def held_by_scans():
    """Bytes. Threads that other tests left in this process have theirs."""
    taken = tracemalloc.take_snapshot().filter_traces(
        [tracemalloc.Filter(inclusive=True, filename_pattern="*/backups/engine/*")]
    )
    return sum(trace.size for trace in taken.traces)


def test_a_process_that_scanned_many_devices_has_not_grown_by_more_than_one_cache(tmp_path):
    trees = [Tree(tmp_path / str(number)) for number in range(12)]
    for tree in trees:
        for number in range(1, 300):
            tree.chunk(number)

    def scan(tree):
        file = CacheFile(directory=tree.root, device_id="d", secret=b"s")
        for _ in range(2):
            file.save(tree.scan(file.load()).cache)
        return file.path.stat().st_size

    scan(trees[0])
    gc.collect()
    tracemalloc.start()
    size = scan(trees[1])
    before = held_by_scans()
    for tree in trees[2:]:
        scan(tree)
    gc.collect()
    grown = held_by_scans() - before
    tracemalloc.stop()
    assert grown < size
