"""What runs on the device is for Python 3.5 and later, which could not be had to try it.

No one checker finds all that is newer: the old grammar knows no library, vermin not all of the
grammar, and what neither knows is grepped for.
"""

import ast
import builtins
import re
import subprocess
import symtable
import sys
from pathlib import Path

import pytest

from backups.engine.card.remote import DIGESTER, LISTER, source

PROGRAMS = pytest.mark.parametrize("program", [LISTER, DIGESTER])
NEWER = [
    r"\bf['\"]", r":=", r"\d_\d", r"with os\.scandir", r"scandir\(\w*(fd|handle)",
    r"json\.loads\(b",
    r"\.backup\(", r"reconfigure", r"\.hex\(.", r"capture_output", r"\btext=True", r"encoding=",
    r"hashlib\.blake2", r"dataclass", r"\*\w+,\s*\)", r"^\s*\w+: \w+ =", r"time_ns\(",
    r"removeprefix|removesuffix", r"fspath", r"open\(Path", r"\bdict\w* \| ", r"subprocess\.run",
    r"\.isascii\(", r"math\.(dist|prod|isqrt)", r"\basync\b|\bawait\b", r"secrets",
]  # fmt: skip


@PROGRAMS
def test_its_grammar_is_that_of_3_5(program):
    ast.parse(source(*program), feature_version=(3, 5))


@PROGRAMS
def test_its_library_is_that_of_3_5(program, tmp_path):
    assert needs(source(*program), tmp_path).returncode == 0


@pytest.mark.parametrize("newer", ["x = f'{y}'", "import secrets", "import time; time.time_ns()"])
def test_a_library_that_is_newer_would_be_found(newer, tmp_path):
    assert needs(newer.encode(), tmp_path).returncode != 0


def needs(program, folder):
    (folder / "program.py").write_bytes(program)
    vermin = Path(sys.executable).with_name("vermin")
    words = [vermin, "-t=3.5-", "--violations", "--eval-annotations", "-p=1", folder / "program.py"]
    return subprocess.run(words, capture_output=True)


@PROGRAMS
@pytest.mark.parametrize("newer", NEWER)
def test_nothing_in_it_is_newer(newer, program):
    assert not re.search(newer, source(*program).decode(), re.MULTILINE)


@PROGRAMS
def test_it_needs_nothing_but_the_standard_library(program):
    names = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse(source(*program)))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert names <= sys.stdlib_module_names


@PROGRAMS
def test_its_parts_fit_together(program):
    """Of modules behind one another: no name is missing, and none is defined twice."""
    table = symtable.symtable(source(*program).decode(), "program", "exec")
    known = {
        one.get_name() for one in table.get_symbols() if one.is_assigned() or one.is_imported()
    }
    used = {name for scope in scopes(table) for name in globals_of(scope)}
    assert used - known - set(dir(builtins)) == set()
    made = [node.name for node in ast.parse(source(*program)).body if hasattr(node, "name")]
    assert len(made) == len(set(made))


def scopes(table):
    yield table
    for child in table.get_children():
        yield from scopes(child)


def globals_of(scope):
    return [one.get_name() for one in scope.get_symbols() if one.is_global()]
