"""Cards, how they are listed and proven, and copies that move after a proof.

Most change nothing of what a verdict counts; an answer to “may I wipe it?” is wrong over them.
"""

import mmap
import os
import shutil
import sqlite3
from collections import namedtuple
from contextlib import contextmanager

from backups.services import our_disks
from tests.faults import harm, strangers, targets
from tests.faults.kinds import BLIND, kind

EIO = (
    "import os; os.scandir = (lambda real: lambda path: real(path) if not os.fsencode(path)"
    ".endswith({end!r}) else (_ for _ in ()).throw(OSError(5, 'Input/output error')))(os.scandir)\n"
)


@kind("a byte flipped on the card, its times kept", targets.kept, effect=BLIND)
def flipped_there(case, one, rng):
    case.care.stop()  # a pull would bring it
    harm.flip(one.there, rng.randrange(one.there.stat().st_size), 1)


@kind("a byte flipped in a copy, its times kept, and nobody verifies", targets.kept,
      hidden="content")  # fmt: skip
def flipped_here(case, one, rng):
    case.care.stop()
    case.care.pulls_files = case.care.verifies = frozenset()
    harm.flip(one.here, rng.randrange(one.here.stat().st_size), 1)


@kind("a row changed on the card, its size and times kept", targets.own_databases, effect=BLIND)
def row_changed(case, one, rng):
    case.care.stop("sqlite")  # a pull would bring it
    path = case.on_card(one)
    with harm.times_kept(path):
        harm.execute(path, "UPDATE ROI_1 SET x = x + 1 WHERE id = 1")


@kind("a row more on the card, its time set back", targets.own_databases, effect=BLIND)
def row_more(case, one, rng):
    case.care.stop("sqlite")  # a pull would bring it
    path = case.on_card(one)
    with harm.times_kept(path):
        harm.execute(path, "INSERT INTO ROI_1 (t, x) VALUES (1, 2)")


@kind("a -wal with a row was left on the card", targets.own_databases, effect=BLIND)
def dirty_wal(case, one, rng):
    case.care.stop("sqlite")  # a pull would bring it
    path = case.on_card(one)
    wal = path.with_name(path.name + "-wal")
    with harm.times_kept(path):
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO ROI_1 (t, x) VALUES (1, 2)")
        connection.commit()
        held = path.read_bytes(), wal.read_bytes()
        connection.close()
        path.write_bytes(held[0])
        wal.write_bytes(held[1])


@kind("a garbage -wal was left on the card", targets.own_databases, effect=BLIND)
def garbage_wal(case, one, rng):
    path = case.on_card(one)
    path.with_name(path.name + "-wal").write_bytes(rng.randbytes(900))


@kind("a journal was left on the card", targets.own_databases, effect=BLIND)
def journal(case, one, rng):
    path = case.on_card(one)
    path.with_name(path.name + "-journal").write_bytes(rng.randbytes(900))


@kind("a row more in MariaDB after the mirror", targets.servers, effect=BLIND)
def server_row(case, one, rng):
    case.more_rows.add(one)


@kind("a row rewritten in MariaDB after the mirror", targets.servers, effect=BLIND)
def server_row_rewritten(case, one, rng):
    case.care.stop("mysql")  # a mirror would bring it, in its turn
    case.other_rows.add(one)


@kind("a link on the card", targets.listed, effect=BLIND)
def link_there(case, target, rng):
    (case.card / "videos" / f"more-{rng.getrandbits(16)}").symlink_to("/mnt")


@kind("a pipe on the card", targets.listed, effect=BLIND)
def pipe(case, target, rng):
    os.mkfifo(case.card / "results" / f"pipe-{rng.getrandbits(16)}")


@kind("a copy is a link to its content elsewhere", targets.kept, effect=BLIND)
def link_here(case, one, rng):
    aside = case.root / "aside" / str(rng.getrandbits(40))
    aside.mkdir(parents=True)
    shutil.move(one.here, aside / "kept")
    one.here.symlink_to(aside / "kept")


@kind("a copy is another file of the same content and times", targets.kept, effect=BLIND)
def another_inode(case, one, rng):
    shutil.copy2(one.here, one.here.with_name(".fresh"))
    one.here.with_name(".fresh").replace(one.here)


@kind("another program has a copy in memory", targets.kept, effect=BLIND)
def mapped(case, one, rng):
    with one.here.open("rb") as file:
        held = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    case.kept_open.append((held, held[:]))


@kind("its listing is cut", targets.listed, effect=BLIND)
def cut(case, target, rng):
    case.switches.cut = rng.randint(1, 300)
    case.switches.no_yes.append("its listing is cut")


@kind("its next proof is killed", targets.listed, effect=BLIND)
def killed(case, target, rng):
    case.switches.cut_once["prove"] = rng.randint(1, 20_000)


@kind("its next listing is killed", targets.listed, effect=BLIND)
def killed_listing(case, target, rng):
    for run in ("list_card", "wipe"):
        case.switches.cut_once[run] = rng.randint(1, 3_000)


@kind("a place of the card cannot be read", targets.listed, effect=BLIND)
def unread(case, target, rng):
    end = rng.choice((b"/results", b"/videos", b"/" + case.device.device_id.encode()))
    case.switches.machine.append(EIO.format(end=end))
    case.switches.no_yes.append("a place of it cannot be read")


@kind("its card is replaced by a new one", targets.idle, effect=BLIND)
def swapped(case, target, rng):
    for one in (*case.experiments("sqlite"), *case.others()):
        one.gone = True
    shutil.rmtree(case.card)
    for below in ("results", "videos"):
        (case.card / below / case.device.device_id).mkdir(parents=True)
    left = strangers.foreign_video(case.device, rng, case.at)
    case.device.others.append(left)
    case.write_other(left)


@kind("another device is at its address", targets.listed, effect=BLIND)
def another_device(case, target, rng):
    if case.switches.card_aside:
        return
    case.card.rename(aside := case.root / f"card-aside-{case.device.number}")
    case.switches.card_aside = aside
    case.switches.other_id = f"{rng.getrandbits(128):032x}"
    case.switches.no_yes.append("another device is at its address")
    for below in ("results", "videos"):
        (case.login_root / below).mkdir(parents=True)


@kind("its card is in another device, at whose address it is not", targets.idle, effect=BLIND)
def empty_device(case, target, rng):
    """That says the same machine id: cards are cloned."""
    if case.switches.card_aside:
        return
    case.card.rename(aside := case.root / f"card-aside-{case.device.number}")
    case.switches.card_aside = aside
    case.switches.no_yes.append("another card answers")
    for below in ("results", "videos"):
        (case.login_root / below / case.device.device_id).mkdir(parents=True)


Usage = namedtuple("Usage", "total used free")


@kind("our disk is full over 95 %", targets.listed, effect=BLIND)
def full(case, target, rng):
    @contextmanager
    def around():
        real = our_disks.shutil
        our_disks.shutil = _Full
        try:
            yield
        finally:
            our_disks.shutil = real

    case.switches.around_ask.append(around)
    case.switches.no_yes.append("our disk is full")


class _Full:
    @staticmethod
    def disk_usage(path):
        return Usage(1000, 960, 40)
