"""Devices that mean harm: names that try to be SQL, and servers that ask for our files."""
# ruff: noqa: S608

import socket
import sqlite3
import struct
import threading
from contextlib import closing, contextmanager, suppress

import pytest

from backups.engine.mirror import MariaDBSource, errors
from tests.engine.mirror.device import differing_tables, ticked

NAMES = [
    "x'; DROP TABLE ROI_1; --",
    'x" OR "1"="1',
    "a`b",
    "``",
    "a,b;c",
    "%s {0} ?1 :x @y $z",
    "../../etc/passwd",
    "main.ROI_1",
    "stage",
    "SELECT",
    "new\nline\ttab",
    "Łukasz 蝇",
    "rowid",
    "kept_at",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_only_a_name(device, copy, name):
    table, column = ticked(name), ticked(name)
    device.run(
        f"CREATE TABLE {table} (id INT AUTO_INCREMENT PRIMARY KEY, {column} INT)",
        f"CREATE TABLE {ticked(name + '2')} ({column} VARCHAR(20))",
    )
    for value in (7, 8, 9):
        device.run(
            f"INSERT INTO {table} VALUES (NULL, {value})",
            f"DELETE FROM {ticked(name + '2')}",
            f"INSERT INTO {ticked(name + '2')} VALUES ('{value}')",
        )
        assert copy.mirror(prove_within=1).complete
    device.run(f"UPDATE {table} SET {column} = 1 WHERE id = 1")
    assert copy.mirror(prove_within=1).rows_replaced == 1
    with closing(sqlite3.connect(copy.path)) as reader:
        rows = reader.execute(f"SELECT * FROM {ticked(name)} ORDER BY 1").fetchall()
        other = reader.execute(f"SELECT * FROM {ticked(name + '2')}").fetchall()
    assert (rows, other) == ([(1, 1), (2, 8), (3, 9)], [("9",)])
    assert differing_tables(device, copy.path) == []


@pytest.mark.parametrize("name", ["sqlite_master", "SQLite_x", "roi_1"])
def test_what_sqlite_cannot_name_is_never_green(device, copy, name):
    device.run(f"CREATE TABLE {ticked(name)} (id INT)")
    result = copy.mirror()
    assert not result.complete
    assert [str(finding.kind) for finding in result.findings] == ["not copied"]


@pytest.mark.parametrize("name", ["x'; DROP DATABASE mysql; --_db", "a`b_db", "%_db"])
def test_a_database_s_name_is_only_a_name(device, copy, name):
    with pytest.raises(errors.DatabaseMissing):
        copy.mirror(device.source(database=name))


def packet(number: int, payload: bytes) -> bytes:
    return struct.pack("<I", len(payload))[:3] + bytes([number]) + payload


GREETING = (
    b"\x0a10.11.0-MariaDB\0\x07\0\0\x0012345678\0\xff\xf7\x21\x02\0\xff\x81\x15"
    + bytes(10)
    + b"123456789012\0mysql_native_password\0"
)


@contextmanager
def thief(wanted: str):
    """A server that lets everybody in and answers each question by asking for a file."""
    heard = []

    def serve():
        client, _ = listener.accept()
        with client, suppress(OSError):
            client.settimeout(2)
            client.sendall(packet(0, GREETING))
            heard.append(client.recv(4096))
            client.sendall(packet(2, b"\0\0\0\x02\0\0\0"))
            heard.append(client.recv(4096))
            client.sendall(packet(1, b"\xfb" + wanted.encode()))
            while more := client.recv(4096):
                heard.append(more)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], heard
        thread.join()


def test_a_server_gets_no_file_of_ours(copy, driver, tmp_path):
    (tmp_path / "secret").write_text("the secret")
    with thief(str(tmp_path / "secret")) as (port, heard):
        source = MariaDBSource(
            host="127.0.0.1", port=port, user="node", password="n", driver=driver, patience=2
        )
        with pytest.raises(errors.SourceError):
            copy.mirror(source)
    assert b"SET " in heard[1]
    assert b"the secret" not in b"".join(heard)


ASKED_FOR = [
    "mysql_clear_password",
    "dialog",
    "sha256_password",
    "caching_sha2_password",
    "mysql_old_password",
    "client_ed25519",
    "made_up",
]
PASSWORD = "the-password-of-all"


@contextmanager
def asker(plugin: str, *, at_once: bool):
    """A server that wants to log us in its own way: in its greeting, or by a switch to it."""
    heard = []
    name = plugin.encode() + b"\0"
    greeting = GREETING.replace(b"mysql_native_password\0", name) if at_once else GREETING

    def serve():
        client, _ = listener.accept()
        with client, suppress(OSError):
            client.settimeout(2)
            client.sendall(packet(0, greeting))
            heard.append(client.recv(4096))
            client.sendall(packet(2, b"\xfe" + name + b"\x05Password: \0"))
            for number in range(4, 10, 2):
                heard.append(client.recv(4096))
                client.sendall(packet(number, b"\x01\x04"))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], heard
        thread.join()


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("plugin", ASKED_FOR)
def test_a_server_gets_no_password_whatever_it_asks_for(copy, driver, plugin, at_once):
    with asker(plugin, at_once=at_once) as (port, heard):
        source = MariaDBSource(
            host="127.0.0.1", port=port, user="node", password=PASSWORD, driver=driver, patience=2
        )
        with pytest.raises(errors.AccessDenied, match="would give it away"):
            copy.mirror(source)
    assert PASSWORD.encode() not in b"".join(heard)
    assert all(len(answer) <= 5 for answer in heard[1:])  # nothing after the greeting's answer
