"""The engine's words as Django's choices."""

from enum import StrEnum

from backups.engine.facts import BackupType


def choices_of(words: type[StrEnum]) -> list[tuple[str, str]]:
    return [(word.value, word.value) for word in words]


BACKUP_TYPES = [
    (BackupType.MYSQL.value, "MySQL results"),
    (BackupType.SQLITE.value, "SQLite results"),
    (BackupType.VIDEO.value, "Videos"),
]
