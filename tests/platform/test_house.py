from importlib import import_module

from django.contrib import admin
from django.core.management import call_command

from backups.models import BackupSnapshot


def test_the_admin_holds_its_pages_and_passes_djangos_checks():
    import_module("ethonode.urls")  # what finds the pages; the checks alone would see none
    assert admin.site.is_registered(BackupSnapshot)
    call_command("check", fail_level="WARNING")
