"""Files of a card that are neither experiments nor videos of its device, and our copies of them."""

import os
import shutil

from tests.faults import harm, strangers, targets
from tests.faults.kinds import BLIND, HARMLESS, LOSS, UNLISTED, kind
from tests.faults.truth import HOUR

COMES = {
    "a file that only the card has": strangers.make,
    "another machine's experiment": strangers.foreign_database,
    "another machine's video": strangers.foreign_video,
    "a file of an odd name": strangers.odd,
}


def _comes(make, pulled, case, target, rng):
    if not pulled:
        case.care.pulls_files = frozenset()
    one = make(case.device, rng, case.at - 8 * HOUR)
    case.device.others.append(one)
    case.write_other(one)


def _register():
    for words, make in COMES.items():
        for pulled in (False, True):

            def act(case, target, rng, make=make, pulled=pulled):
                _comes(make, pulled, case, target, rng)

            act.__module__ = __name__
            name = f"{words} comes{', and is pulled' if pulled else ''}"
            kind(name, targets.listed, effect=BLIND if pulled else LOSS)(act)


_register()


def _unpulled(case):
    case.care.pulls_files = frozenset()


@kind("copy of another file deleted", targets.others_kept)
def deleted(case, one, rng):
    _unpulled(case)
    one.here.unlink()


@kind("copy of another file halved", targets.others_kept)
def halved(case, one, rng):
    _unpulled(case)
    one.here.write_bytes(one.here.read_bytes()[:-1])


@kind("copy of another file flipped", targets.others_kept, hidden="content")
def flipped(case, one, rng):
    _unpulled(case)
    harm.flip(one.here, 0, 1)


@kind("copy of another file is a link to nowhere", targets.others_kept)
def link(case, one, rng):
    _unpulled(case)
    one.here.unlink()
    one.here.symlink_to("/nowhere")


@kind("all copies of other files deleted", targets.others_kept)
def all_deleted(case, one, rng):
    _unpulled(case)
    for kept in targets.others_kept(case):
        kept.here.unlink()


@kind("another file grew on the card, and nobody pulls it", targets.others_kept, hidden=UNLISTED)
def grew(case, one, rng):
    _unpulled(case)
    one.item.content += b"more"
    one.item.since = case.at - 8 * HOUR
    case.write_other(one.item)


@kind("another file changed on the card, its size and times kept", targets.others_kept,
      hidden="content")  # fmt: skip
def changed(case, one, rng):
    _unpulled(case)
    harm.flip(one.there, 0, 1)
    one.item.content = one.there.read_bytes()


@kind("another file is gone from the card, whole here", targets.others_kept, effect=HARMLESS)
def gone_there(case, one, rng):
    one.item.gone = True
    one.there.unlink()


@kind("copy of another file was touched", targets.others_kept, effect=HARMLESS)
def touched(case, one, rng):
    os.utime(one.here)


@kind("copy of another file is a second copy of it", targets.others_kept, effect=HARMLESS)
def second(case, one, rng):
    shutil.copy2(one.here, one.here.with_name("fresh"))
    one.here.with_name("fresh").replace(one.here)
