"""ethonode's own state: its database, and the keys without which that is worth less.

A *save* is one folder that `b2sum -c B2SUMS` checks, made while all runs, and read to its end
before it bears its name. Pages show the last one; `manage.py restore_state` brings one back.
"""

from installation.own_state.errors import NewerState, RestoreFailed, SaveFailed, UpgradeFailed
from installation.own_state.restoring import restore
from installation.own_state.saves import Save, newest_save, saved
from installation.own_state.saving import save_by_the_clock, save_state
from installation.own_state.upgrading import upgrade

__all__ = [
    "NewerState",
    "RestoreFailed",
    "Save",
    "SaveFailed",
    "UpgradeFailed",
    "newest_save",
    "restore",
    "save_by_the_clock",
    "save_state",
    "saved",
    "upgrade",
]
