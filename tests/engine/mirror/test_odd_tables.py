"""What is no plain table, cannot be read, or does not fit: it costs itself, by name."""
# ruff: noqa: S608

import sqlite3
from contextlib import closing

import pytest

from backups.engine.copies.errors import LocalFailed
from backups.engine.mirror import errors
from tests.engine.mirror.device import Device, connected, differing_tables, rows_here, ticked
from tests.servers import private_mariadb

LEAST, MOST = -(2**63), 2**63 - 1


def met(result, kind):
    return [finding.table for finding in result.findings if finding.kind == kind]


def tables_here(copy):
    with closing(sqlite3.connect(copy.path)) as reader:
        return {name for (name,) in reader.execute("SELECT name FROM sqlite_master")}


@pytest.fixture
def own_files(as_root):
    """Each table in a file of its own, as devices have them."""
    with as_root.cursor() as cursor:
        cursor.execute("SET GLOBAL innodb_file_per_table=1")
        yield
        cursor.execute("SET GLOBAL innodb_file_per_table=0")


@pytest.mark.parametrize(
    "sequence",
    ["START WITH 1000", "INCREMENT -3", "MINVALUE 1 MAXVALUE 3 CYCLE NOCACHE", ""],
)
def test_a_sequence_is_copied(device, copy, sequence):
    device.run(f"CREATE SEQUENCE COUNTER {sequence}", "SELECT NEXTVAL(COUNTER)")
    assert copy.mirror().complete
    assert not copy.mirror().changed
    device.run("SELECT SETVAL(COUNTER, 2)")
    assert copy.mirror().complete
    assert differing_tables(device, copy.path) == []


@pytest.mark.parametrize("view", ["SELECT * FROM ROI_1", "SELECT a FROM GONE", "SELECT 1 AS one"])
def test_a_view_is_named_and_takes_nothing_away(device, copy, view):
    device.run("CREATE TABLE GONE (a INT)", f"CREATE VIEW ACTIVE AS {view}", "DROP TABLE GONE")
    result = copy.mirror()
    assert result.complete
    assert met(result, "view") == ["ACTIVE"]
    assert not copy.mirror().changed


@pytest.mark.parametrize(
    "columns",
    [
        "id INT PRIMARY KEY, v INT",
        "id INT, v INT",
        "id INT PRIMARY KEY, v INT, rs TIMESTAMP(6) GENERATED ALWAYS AS ROW START, "
        "re TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME(rs, re)",
    ],
)
def test_former_rows_that_only_the_server_keeps_are_named(device, copy, columns):
    device.run(
        f"CREATE TABLE T ({columns}) WITH SYSTEM VERSIONING",
        "INSERT INTO T (id, v) VALUES (1, 1), (2, 2)",
    )
    assert copy.mirror().complete
    device.run("UPDATE T SET v = 3 WHERE id = 1")
    result = copy.mirror()
    assert result.proved_whole
    assert not result.complete
    assert met(result, "history") == ["T"]


def discard(device, table):
    device.run(f"ALTER TABLE {ticked(table)} DISCARD TABLESPACE")


@pytest.mark.parametrize("table", ["ROI_1", "ROI_3", "SENSORS", "IMG_SNAPSHOTS", "METADATA"])
def test_a_table_whose_file_is_lost_costs_itself(own_files, device, copy, table):
    device.begin_run()
    device.run("INSERT INTO SENSORS VALUES (1, 1, 23.5, 50, 1, 1013)")
    discard(device, table)
    for _ in range(2):
        result = copy.mirror()
        assert not result.complete
        assert met(result, "table broken") == [table]
        assert table not in tables_here(copy)
        for other in set(device.tables()) - {table}:
            assert device.rows(other) == rows_here(copy.path, other, kinds=_kinds(device, other))


@pytest.mark.parametrize("table", ["ROI_2", "SENSORS", "METADATA", "VAR_MAP"])
def test_what_was_copied_of_a_table_stays_when_its_file_is_lost(own_files, device, copy, table):
    device.begin_run()
    device.run("INSERT INTO SENSORS VALUES (1, 1, 23.5, 50, 1, 1013)")
    copy.mirror()
    before = rows_here(copy.path, table)
    discard(device, table)
    device.track(1, first=101, last=200)
    result = copy.mirror()
    assert met(result, "table broken") == [table]
    assert (result.complete, result.rows_added) == (False, 100)
    assert rows_here(copy.path, table) == before


def test_a_device_that_can_read_nothing_any_more_is_an_error(own_files, device, copy):
    device.begin_run()
    copy.mirror()
    before = copy.path.read_bytes()
    for table in device.tables():
        discard(device, table)
    with pytest.raises(errors.SourceRefused, match="no table can be read"):
        copy.mirror()
    assert copy.path.read_bytes() == before


WIDE = "id INT AUTO_INCREMENT PRIMARY KEY, t INT, words CHAR(200)"
NUMBERS = "id INT AUTO_INCREMENT PRIMARY KEY, t INT, x SMALLINT"


def damage(device, mariadb, columns):
    """A table of 9,000 rows, the last third of which no longer lies on the card."""
    device.run(f"CREATE TABLE ODD ({columns}) ENGINE=MyISAM")
    rest = ", REPEAT('x', 200)" if "words" in columns else ", 5"
    device.run(f"INSERT INTO ODD SELECT seq, seq{rest} FROM seq_1_to_9000", "FLUSH TABLES ODD")
    [data] = (mariadb.socket_path.parent).rglob(f"{device.database}/ODD.MYD")
    with data.open("r+b") as file:
        file.truncate(data.stat().st_size * 2 // 3)


@pytest.mark.parametrize("columns", [WIDE, NUMBERS])
@pytest.mark.parametrize("is_first", [True, False], ids=["first copy", "known copy"])
def test_of_a_half_readable_table_comes_what_can_be_read(device, mariadb, copy, columns, is_first):
    if not is_first:
        copy.mirror()
    damage(device, mariadb, columns)
    device.track(2, first=101, last=200)
    result = copy.mirror()
    assert not result.complete
    assert met(result, "table broken") == ["ODD"]
    assert device.rows("ROI_2") == rows_here(copy.path, "ROI_2")
    assert not copy.mirror().complete


def test_a_card_that_lost_some_pages_of_a_table_costs_no_others(tmp_path, device, copy):
    """The server only notices when it reads them: what lies before them is saved."""
    with private_mariadb(tmp_path / "server") as server, connected(server) as connection:
        dying = Device(server, device.database, connection, device.driver)
        dying.begin_run()
        dying.track(1, first=101, last=40_000)
        dying.run("FLUSH TABLES ROI_1 FOR EXPORT", "UNLOCK TABLES")
    [pages] = (tmp_path / "server").rglob("ROI_1.ibd")
    with pages.open("r+b") as file:
        file.seek(40 * 16_384)
        file.write(b"\xaa" * 70 * 16_384)
    account = {"user": "ethoscope", "password": "ethoscope"}
    with private_mariadb(tmp_path / "server") as server, connected(server) as connection:
        dying = Device(server, device.database, connection, device.driver)
        dying.run(f"USE `{device.database}`")
        for _ in range(2):
            result = copy.mirror(dying.source(**account))
            assert not result.complete
            assert met(result, "table broken") == ["ROI_1"]
            assert dying.rows("ROI_2") == rows_here(copy.path, "ROI_2")
            assert len(rows_here(copy.path, "ROI_1")) > 1_000


GUEST = "CREATE OR REPLACE ROLE reader", "CREATE OR REPLACE USER guest@'%' IDENTIFIED BY 'g'"


@pytest.mark.parametrize(
    "grants",
    [
        ["GRANT SELECT ON *.* TO {role}"],
        ["GRANT SELECT ON `{database}`.* TO {role}"],
        ["GRANT SELECT ON `ETHOSCOPE\\_%`.* TO {role}"],
        ["GRANT ALL ON `ETHOSCOPE____\\_db`.* TO {role}"],
        ["CREATE OR REPLACE ROLE inner_reader", "GRANT SELECT ON *.* TO inner_reader",
         "GRANT inner_reader TO {role}"],
    ],
    ids=["everywhere", "here", "pattern", "single signs", "a role's role"],
)  # fmt: skip
def test_rights_that_come_by_a_role_count(device, copy, grants):
    device.run(*GUEST)
    device.run(*(grant.format(role="reader", database=device.database) for grant in grants))
    device.run("GRANT reader TO guest@'%'", "SET DEFAULT ROLE reader FOR guest@'%'")
    result = copy.mirror(device.source(user="guest", password="g"))
    assert (result.complete, result.findings) == (True, ())


@pytest.mark.parametrize(
    "grant", ["GRANT SELECT ON `ETHOSCOPE\\_9%`.* TO reader", "GRANT INSERT ON *.* TO reader"]
)
def test_a_role_s_rights_elsewhere_do_not_count(device, copy, grant):
    device.run(*GUEST)
    device.run(grant, "GRANT reader TO guest@'%'", "SET DEFAULT ROLE reader FOR guest@'%'")
    for table in device.tables():
        device.run(f"GRANT SELECT ON `{device.database}`.`{table}` TO guest@'%'")
    result = copy.mirror(device.source(user="guest", password="g"))
    assert met(result, "table denied") == [""]
    assert not result.complete


@pytest.fixture
def small_packets(as_root, request):
    with as_root.cursor() as cursor:
        cursor.execute("SELECT @@max_allowed_packet")
        usual = cursor.fetchone()[0]
        cursor.execute(f"SET GLOBAL max_allowed_packet={request.param}")
        yield
        cursor.execute(f"SET GLOBAL max_allowed_packet={usual}")


def many(count, kind):
    return ", ".join(f"c{n} {kind}" for n in range(count))


@pytest.mark.parametrize("small_packets", [2**18, 2**20], indirect=True)
@pytest.mark.parametrize(
    ("columns", "value"),
    [
        (
            f"id INT AUTO_INCREMENT PRIMARY KEY, {many(60, 'BIGINT')}",
            "CAST(seq AS SIGNED) - 9000000000000000000",
        ),
        (f"id INT AUTO_INCREMENT PRIMARY KEY, {many(60, 'DOUBLE')}", "seq / -7e200"),
        (f"id INT AUTO_INCREMENT PRIMARY KEY, {many(60, 'CHAR(9)')}", "CONCAT('w', seq)"),
        (f"id BIGINT PRIMARY KEY, {many(60, 'BIGINT')}", "9000000000000000000 - seq"),
        (f"id INT, {many(60, 'BIGINT')}", "9000000000000000000 - seq"),
    ],
    ids=["numbers", "fractions", "words", "not numbered", "no key"],
)
@pytest.mark.by_turns
def test_a_server_of_small_packets_is_mirrored_all_the_same(
    small_packets, device, copy, columns, value
):
    device.run(f"CREATE TABLE FEATURES ({columns})")
    values = ", ".join([value] * 60)
    device.run(f"INSERT INTO FEATURES SELECT seq, {values} FROM seq_1_to_1500")
    assert copy.mirror().complete
    assert differing_tables(device, copy.path) == []
    again = copy.mirror(whole=True)
    assert (again.complete, again.changed) == (True, False)
    with closing(sqlite3.connect(copy.path)) as other, other:
        other.execute("UPDATE FEATURES SET c7 = 5 WHERE id = 700")
    assert copy.mirror().complete
    assert differing_tables(device, copy.path) == []


@pytest.mark.parametrize(
    "keys",
    [
        [LEAST, MOST],
        [LEAST, LEAST + 1, 0, MOST - 1, MOST],
        [*range(LEAST, LEAST + 60)],
        [*range(MOST - 60, MOST + 1)],
        [-1, 0, 1],
        [*range(1, 9000), MOST],
        [LEAST, *range(-3000, 3000)],
    ],
    ids=["both ends", "beside them", "low end", "high end", "signs", "far one", "far low one"],
)
@pytest.mark.parametrize("other", ["v INT", "v CHAR(9)"])
def test_keys_at_the_edges_of_their_type_are_keys(device, copy, keys, other):
    device.run(f"CREATE TABLE EDGES (id BIGINT PRIMARY KEY, {other})")
    device.insert("EDGES", *((key, str(place)) for place, key in enumerate(keys)))
    assert copy.mirror().complete
    assert differing_tables(device, copy.path) == []
    assert not copy.mirror(whole=True).changed
    device.run(f"UPDATE EDGES SET v = '77' WHERE id = {keys[0]}")
    device.run(f"DELETE FROM EDGES WHERE id = {keys[-1]}")
    assert copy.mirror().complete
    assert differing_tables(device, copy.path) == []


@pytest.mark.parametrize("small_packets", [2**18], indirect=True)
def test_many_rows_in_one_window_are_compared_whole(small_packets, device, copy):
    """One far key makes windows so large that no text of the server's holds the rows of one."""
    device.run(
        "CREATE TABLE CROWD (id BIGINT PRIMARY KEY, words CHAR(60))",
        "INSERT INTO CROWD SELECT seq, REPEAT('x', 60) FROM seq_1_to_9000",
        f"INSERT INTO CROWD VALUES ({MOST}, 'far')",
    )
    assert copy.mirror().complete
    device.run("UPDATE CROWD SET words = 'y' WHERE id = 8999")
    assert copy.mirror().rows_replaced == 1
    assert not copy.mirror(whole=True).changed


ZOO = {
    "generated": "id INT AUTO_INCREMENT PRIMARY KEY, a INT, b INT AS (a * 2), c INT AS (a) STORED)",
    "invisible": "id INT AUTO_INCREMENT PRIMARY KEY, a INT, s INT INVISIBLE DEFAULT 7)",
    "other signs": "id INT AUTO_INCREMENT PRIMARY KEY, a TEXT CHARACTER SET ucs2)",
    "a key of text": "id CHAR(9) PRIMARY KEY, a INT)",
    "a key of two": "id INT, a INT, PRIMARY KEY (id, a))",
    "a uuid": "id INT AUTO_INCREMENT PRIMARY KEY, a INT, u UUID DEFAULT UUID())",
    "rowid": "id INT, a INT, rowid INT DEFAULT 3, oid CHAR(3) DEFAULT 'x')",
    "partitions": "id INT PRIMARY KEY, a INT) PARTITION BY HASH (id) PARTITIONS 3",
    "unsigned": "id BIGINT UNSIGNED PRIMARY KEY, a INT)",
    "a bit as key": "id BIT(20) PRIMARY KEY, a INT)",
    "900 columns": f"id INT PRIMARY KEY, a INT, {many(898, 'TINYINT')})",
}


@pytest.mark.parametrize("columns", ZOO.values(), ids=ZOO.keys())
def test_tables_that_others_break_on_are_copied_twice_alike(device, copy, columns):
    device.run(f"CREATE TABLE ZOO ({columns}", "INSERT INTO ZOO (id, a) VALUES (1, 5), (2, 6)")
    assert copy.mirror().complete
    again = copy.mirror(whole=True)
    assert (again.complete, again.changed) == (True, False)
    assert len(rows_here(copy.path, "ZOO")) == 2


def test_a_link_in_place_of_the_memory_is_not_followed(device, copy, tmp_path):
    copy.mirror()
    memory = copy.path.with_name(f".{copy.path.name}.mirror-lock")
    memory.unlink()
    memory.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LocalFailed):
        copy.mirror()
    assert not (tmp_path / "elsewhere").exists()


def _kinds(device, table):
    return [kind for _, kind in device.columns(table)]
