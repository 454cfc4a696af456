"""Sizes as the node's own pages write them."""

import pytest

from backups.engine.byte_sizes import human_size


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0.0 B"),
        (1, "1.0 B"),
        (1023, "1023.0 B"),
        (1024, "1.0 KB"),
        (1536, "1.5 KB"),
        (704_512, "688.0 KB"),
        (1024**2 - 1, "1.0 MB"),
        (7_340_032, "7.0 MB"),
        (38_700_000, "36.9 MB"),
        (1024**3, "1.0 GB"),
        (1024**4, "1.0 TB"),
        (1024**5, "1.0 PB"),
        (5000 * 1024**5, "5000.0 PB"),
    ],
)
def test_a_size_is_written_with_one_decimal_in_steps_of_1024(size_bytes, words):
    assert human_size(size_bytes) == words
