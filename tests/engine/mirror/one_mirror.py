"""One mirror as a process of its own, to be killed: driver, host's port, database, destination."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from backups.engine.mirror import MariaDBSource, mirror
from backups.engine.mirror.drivers import DRIVERS

if __name__ == "__main__":
    driver, port, database, destination = sys.argv[1:]
    source = MariaDBSource(
        host="127.0.0.1",
        port=int(port),
        user="node",
        password="node",
        database=database,
        driver=next(found for found in DRIVERS if found.name == driver),
    )
    sys.stdout.write("begin\n")
    sys.stdout.flush()
    now = datetime.now(UTC)
    mirror(source, Path(destination), progress=lambda _: None, now=now)
