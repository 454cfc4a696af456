import ast
import re
from collections import Counter, defaultdict
from importlib import import_module
from pathlib import Path

from django.contrib import admin
from django.core.management import call_command

from backups.models import BackupSnapshot

HOUSE = Path(__file__).resolve().parents[2]
ROOMS = (
    "backups",
    "benchmarks",
    "devices",
    "ethonode",
    "incidents",
    "installation",
    "lab",
    "people",
)
DJANGOS_OWN = {"Command", "Migration"}
FOUND_BY_FRAMEWORKS = {"CountedPasswordScheme", "TokenScheme"}  # by being a subclass
# `iter_chunks` tells every chunk of a cache plainly: what the fast ways must equal.
ONLY_TESTS = {"iter_chunks"}


def test_the_admin_holds_its_pages_and_passes_djangos_checks():
    import_module("ethonode.urls")  # what finds the pages; the checks alone would see none
    assert admin.site.is_registered(BackupSnapshot)
    call_command("check", fail_level="WARNING")


def test_a_class_name_is_used_once_in_the_whole_tree():
    homes = defaultdict(list)
    for room in ROOMS:
        for module in sorted((HOUSE / room).rglob("*.py")):
            for node in ast.parse(module.read_bytes()).body:
                if isinstance(node, ast.ClassDef):
                    homes[node.name].append(str(module.relative_to(HOUSE)))
    twice = {name: modules for name, modules in homes.items() if len(modules) > 1}
    assert {name: twice[name] for name in twice.keys() - DJANGOS_OWN} == {}


def test_what_only_tests_call_is_not_kept():
    modules = [module for room in ROOMS for module in (HOUSE / room).rglob("*.py")]
    sources = {module: module.read_text() for module in modules if "migrations" not in module.parts}
    words = Counter(word for text in sources.values() for word in re.findall(r"\w+", text))
    unused = {
        node.name
        for module, text in sources.items()
        if module.name != "apps.py"
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.decorator_list
        if words[node.name] == 1
    }
    assert unused - FOUND_BY_FRAMEWORKS - ONLY_TESTS == set()


def test_no_column_of_a_list_is_hidden_by_a_field_of_its_name():
    """Django takes the field, and shows what is stored, for people to read."""
    import_module("ethonode.urls")
    hidden = [
        f"{model.__name__}.{name}"
        for model, page in admin.site._registry.items()
        for name in page.list_display
        if isinstance(name, str) and callable(getattr(page, name, None))
        if name in {field.name for field in model._meta.concrete_fields}
    ]
    assert hidden == []
