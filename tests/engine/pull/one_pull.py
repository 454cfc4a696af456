"""Pull as a program that tests can kill: one_pull.py video|database TARGET-WORDS..."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from backups.engine.pull import SshTarget, pull_database, pull_videos

kind, port, user, key, known_hosts, remote, here = sys.argv[1:]
target = SshTarget(
    host="127.0.0.1", port=int(port), user=user, key_file=Path(key), known_hosts=Path(known_hosts)
)
now = datetime.now(UTC)
if kind == "video":
    place = PurePosixPath(remote)
    pull_videos(
        target, device_id=place.name, videos_dir=Path(here), remote_dir=place.parent, now=now
    )
else:
    pull_database(
        target,
        remote_path=PurePosixPath(remote),
        destination=Path(here),
        now=now,
        latest=now + timedelta(days=1),
    )
