"""Memory: a cache is loaded, used and let go."""

import gc
import tracemalloc

from backups.engine.videos.cache import CacheFile
from tests.engine.videos.conftest import Tree


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
    before = tracemalloc.get_traced_memory()[0]
    for tree in trees[2:]:
        scan(tree)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < size
