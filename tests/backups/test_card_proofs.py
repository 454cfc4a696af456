"""Proofs of a card's files are kept folder by folder, and never mixed up."""

import pytest

from backups.engine.card.proofs import ProvenFile
from backups.engine.copies.digests import FileStamp
from backups.services.card_proofs import proofs_of, store_proofs

pytestmark = pytest.mark.django_db


def proof(size, differs=""):
    return ProvenFile(
        mark=(size, 2**62, 3),
        place="videos/a",
        ours=FileStamp(size, 1, 2, 2**63),
        digest="ab" * 64,
        proven_at=5,
        read_at=6,
        differs=differs,
    )


def test_any_name_survives(device):
    paths = [b"a", b"videos/\xff\n/x", b"videos/" + b"long" * 60 + b"/" + b"y" * 250 + b"/z"]
    paths += [b"videos/" + b"long" * 60 + b"/" + b"y" * 250 + b"2/z"]
    store_proofs(device, {path: proof(n) for n, path in enumerate(paths)})
    assert {path: found.mark[0] for path, found in proofs_of(device).items()} == {
        path: n for n, path in enumerate(paths)
    }


def test_a_later_proof_replaces_that_of_its_file_alone(device):
    store_proofs(device, {b"videos/a": proof(1), b"videos/b": proof(2), b"other/a": proof(3)})
    store_proofs(device, {b"videos/a": proof(4, differs="another content")})
    found = proofs_of(device)
    assert [found[path].mark[0] for path in sorted(found)] == [3, 4, 2]
    assert not found[b"videos/a"].holds((4, 2**62, 3))
    assert found[b"videos/b"].holds((2, 2**62, 3))
    assert not found[b"videos/b"].holds((2, 2**62, 4))
