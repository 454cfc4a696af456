from backups.engine.facts import BackupType

BACKUP_TYPES = [
    (BackupType.MYSQL.value, "MySQL results"),
    (BackupType.SQLITE.value, "SQLite results"),
    (BackupType.VIDEO.value, "Videos"),
]
