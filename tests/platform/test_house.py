import ast
from collections import defaultdict
from importlib import import_module
from pathlib import Path

from django.contrib import admin
from django.core.management import call_command

from backups.models import BackupSnapshot

HOUSE = Path(__file__).resolve().parents[2]
ROOMS = ("backups", "benchmarks", "devices", "ethonode", "lab")
DJANGOS_OWN = {"Command", "Migration"}


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
