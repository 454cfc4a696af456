"""How a card is, as a device tells it: from files below /sys and /proc, and by its own programs."""

import json

import pytest

from backups.engine.card import packed, remote, unpacked
from tests.engine.pull.conftest import put
from tests.servers import private_sshd

CLOCK_BEGAN = 1000  # seconds that it has been running


@pytest.fixture
def device(card, tmp_path, monkeypatch):
    """A raspberry's /sys and /proc, its programs, and `read` to have it tell of its health."""
    sys, proc, programs = (tmp_path / name for name in ("sys", "proc", "programs"))
    for folder in (sys, proc, programs):
        folder.mkdir()
    monkeypatch.setattr(remote, "WHERE", {"sys": str(sys), "proc": str(proc)})

    def says(program, script):
        (programs / program).write_text(f"#!/bin/sh\n{script}\n")
        (programs / program).chmod(0o755)

    def tells(path, text):
        put(tmp_path / path, f"{text}\n".encode())

    def read():
        more = f'ForceCommand PATH={programs}:$PATH; eval "$SSH_ORIGINAL_COMMAND"\n'
        with private_sshd(tmp_path / "raspberry", more=more) as server:
            return card.read(server)

    for program in ("dmesg", "journalctl", "vcgencmd"):
        says(program, "echo Operation not permitted >&2; exit 1")
    tells("proc/uptime", f"{CLOCK_BEGAN}.25 3000.1")
    tells("proc/sys/kernel/random/boot_id", "one")
    card.says, card.tells, card.health = says, tells, lambda: read().health
    card.whole = read
    return card


def ext4(device, partition, **told):
    for name, text in told.items():
        device.tells(f"sys/fs/ext4/{partition}/{name}", text)


def test_what_is_refused_is_not_told_and_never_zero(device):
    health = device.health()
    assert (health.partitions, health.kernel, health.cards, health.throttled) == (
        None, None, [], None,
    )  # fmt: skip
    assert (health.ext4_errors, health.too_weak_now, health.was_too_weak) == (None, None, None)


def test_ext4_tells_its_errors_and_what_was_ever_written(device):
    ext4(device, "mmcblk0p2", errors_count=3, first_error_time=1_700_000_000,
         first_error_func="ext4_lookup", last_error_time=1_700_000_900, last_error_func="x",
         warning_count=0, lifetime_write_kbytes=123456)  # fmt: skip
    ext4(device, "sda1", errors_count=0, first_error_time=0, last_error_time=0)
    ext4(device, "features", lazy_itable_init="supported")
    sick, well = device.health().partitions
    assert (sick.name, sick.errors, sick.written_kib, sick.warnings) == ("mmcblk0p2", 3, 123456, 0)
    assert (sick.first_at, sick.first_in) == (1_700_000_000, "ext4_lookup")
    assert (sick.last_at, sick.last_in) == (1_700_000_900, "x")
    assert (well.errors, well.first_at, well.last_at, well.written_kib) == (0, None, None, None)


LOG = """
[    0.000000] Booting Linux on physical CPU 0x0
[    3.000000] mmc0: new ultra high speed SDR104 SDHC card at address aaaa
[    4.000000] mmc1: error -110 whilst initialising SDIO card
[  100.500000] mmcblk0: error -110 sending status command, retrying
[  200.500000] mmc0: Timeout waiting for hardware interrupt.
[  300.000000] I/O error, dev mmcblk0, sector 123 op 0x1:(WRITE)
[  301.000000] EXT4-fs error (device mmcblk0p2): ext4_find_entry:1455: reading directory
[  302.000000] usb 1-1: device descriptor read/64, error -71
"""


def sd(device, host="mmc0", kind="SD", **told):
    for name, text in ({"type": kind} | told).items():
        device.tells(f"sys/class/mmc_host/{host}/{host}:aaaa/{name}", text)


def test_errors_of_the_card_in_the_kernels_log_are_counted(device):
    sd(device)
    device.says("dmesg", f"cat <<'END'\n{LOG.strip()}\nEND")
    listing = device.whole()
    kernel, began = listing.health.kernel, listing.head.clock - CLOCK_BEGAN
    assert (kernel.by, kernel.count) == ("dmesg", 4)
    assert abs(kernel.since - began) <= 2
    assert abs(kernel.first - began - 100) <= 2
    assert abs(kernel.last - began - 301) <= 2
    assert kernel.said.startswith("EXT4-fs error")
    assert unpacked(packed(listing)).health == listing.health


def test_a_log_without_errors_is_another_matter_than_none(device):
    device.says("dmesg", "echo '[    0.000000] Booting Linux'")
    kernel = device.health().kernel
    assert (kernel.count, kernel.first, kernel.last, kernel.said) == (0, None, None, "")


def test_the_journal_tells_where_dmesg_is_refused(device):
    entries = [
        {"__REALTIME_TIMESTAMP": "1700000000000001", "MESSAGE": "Booting Linux"},
        {"__REALTIME_TIMESTAMP": "1700000009000001", "MESSAGE": "mmc0: Card stuck being busy!"},
        {"__REALTIME_TIMESTAMP": "1700000010000001", "MESSAGE": [1, 2]},
        [],
    ]
    lines = "\n".join(map(json.dumps, entries))
    device.says("journalctl", f"cat <<'END'\n{lines}\nnonsense\nEND")
    kernel = device.health().kernel
    assert (kernel.by, kernel.count, kernel.since) == ("journal", 1, 1_700_000_000)
    assert (kernel.first, kernel.last) == (1_700_000_009, 1_700_000_009)


@pytest.mark.parametrize("program", ["dmesg", "journalctl"])
def test_an_empty_log_is_not_told(device, program):
    device.says(program, "exit 0")
    assert device.health().kernel is None


def test_a_log_without_an_end_is_cut(device, monkeypatch):
    device.says("dmesg", "exec yes '[    0.000000] mmcblk0: error'")
    assert device.health().kernel.count > 1000


def test_the_card_says_who_it_is(device):
    sd(device, name="SC32G", date="07/2021", serial="0x1234abcd")
    sd(device, "mmc1", "SDIO")
    (one,) = device.health().cards
    assert (one.name, one.date, one.serial, one.life_time, one.kind) == (
        "SC32G", "07/2021", "0x1234abcd", "", "SD",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "now", "was"),
    [
        ("throttled=0x0", False, False), ("throttled=0x50005", True, True),
        ("throttled=0x50000", False, True), ("VCHI initialization failed", None, None),
        ("throttled=0xx", None, None), ("", None, None),
    ],
)  # fmt: skip
def test_a_power_supply_that_is_too_weak_is_told(device, said, now, was):
    device.says("vcgencmd", f"echo '{said}'")
    health = device.health()
    assert (health.too_weak_now, health.was_too_weak) == (now, was)


@pytest.mark.parametrize("options", ["ro,noatime", "rw,emergency_ro"])
def test_a_mount_that_cannot_be_written_is_told(device, options):
    device.tells("proc/self/mounts", f"/dev/mmcblk0p2 / ext4 {options} 0 0")
    assert device.whole().head.read_only is True


def test_mounts_that_are_not_told_are_not_writable(device):
    assert device.whole().head.read_only is None
