"""Every parser of what comes from outside: whatever it is given it answers, or says by its own
error that it cannot. `make fuzz-parsers` gives each of them 100,000 inputs.
"""

import sqlite3
from contextlib import closing, suppress

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from backups.engine.copies.inspection import inspect
from backups.engine.items import CopyState
from tests.parsers import NOW, PARSERS, a_database

INPUTS = 40


@pytest.mark.django_db
@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_answers_or_says_that_it_cannot(name):
    parser = PARSERS[name]

    @settings(
        max_examples=INPUTS,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(parser.inputs.drawn)
    def try_one(value):
        with suppress(*parser.refusals):
            parser.ask(value)

    try_one()


@pytest.mark.parametrize("name", PARSERS)
def test_inputs_are_written_so_that_they_are_read_again(name):
    inputs = PARSERS[name].inputs

    @settings(
        max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(inputs.drawn)
    def write_one(value):
        written = inputs.write(value)
        assert inputs.write(inputs.read(written)) == written

    write_one()


@pytest.mark.parametrize("name", [name for name in PARSERS if PARSERS[name].inputs.whole])
def test_what_is_as_it_has_to_be_is_read(name):
    """So that what is damaged is damaged by that alone."""
    parser = PARSERS[name]
    parser.ask(parser.inputs.read(parser.inputs.whole))


@pytest.mark.parametrize("name", [name for name in PARSERS if name.startswith("database ")])
def test_a_length_beyond_all_memory_is_no_crash(name):
    """Wherever on the first page it stands: SQLite asks for so much; Python: MemoryError."""
    whole, parser = a_database(), PARSERS[name]
    length = b"\xff" * 7 + b"w"
    for place in range(100, 512 - len(length)):
        with suppress(*parser.refusals):
            parser.ask(whole[:place] + length + whole[place + len(length) :])


@pytest.mark.parametrize("odd", ["CAST(name AS BLOB)", "NULL", "5", "x'ff00'", "''"])
@pytest.mark.parametrize("name", [name for name in PARSERS if name.startswith("database ")])
def test_a_table_that_is_called_oddly_is_no_crash(name, odd, tmp_path):
    """Not even where nobody reads the database to its end."""
    path, parser = tmp_path / "a.db", PARSERS[name]
    path.write_bytes(a_database())
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute(f"UPDATE sqlite_schema SET name = {odd} WHERE name = 'ROI_1'")  # noqa: S608
    with suppress(*parser.refusals):
        parser.ask(path.read_bytes())


def test_what_asks_for_more_memory_than_there_is_is_not_called_damaged(tmp_path):
    """It may be this machine that has none left."""
    whole, path, told = a_database(), tmp_path / "a.db", set()
    for place in range(100, 504):
        path.write_bytes(whole[:place] + b"\xff" * 7 + b"w" + whole[place + 8 :])
        found = inspect(path, latest=NOW, deeply=True)
        if "more memory" in found.problem:
            told.add(found.state)
    assert told == {CopyState.BUSY}
