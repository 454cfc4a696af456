"""What a lab may run each morning: `nightly.py FOLDER [YYYY-MM-DD]`.

Lists what is at risk, fetches the databases of the experiments that began on that day (without one:
yesterday), and checks their digests. ETHONODE is the address, ETHONODE_TOKEN a token to read with.
It ends with 1 where something is at risk.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fetch_databases import ASKED, HERE, fetch, http, pages


def rows(path, **asked):
    address = f"{HERE}/api/v1/{path}/"
    while address:
        answer = http.request("GET", address, fields=asked, headers=ASKED)
        if answer.status != 200:
            sys.exit(f"{address}: {answer.status} {answer.data[:300].decode()}")
        body = answer.json()
        yield from body["results"]
        address, asked = body["next"], {}


def main(folder, day=""):
    begin = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else yesterday()
    bad = [row for row in rows("devices") if row["verdict"] not in ("protected", "none")]
    for row in bad:
        print(f"{row['name']}: {row['verdict']}: {row['sentence']}")
    between = {
        "started_after": begin.isoformat(),
        "started_before": (begin + timedelta(days=1)).isoformat(),
    }
    count = 0
    for experiment in rows("experiments", **between):
        for file in pages(device=experiment["device"], experiment=experiment["filename"]):
            fetch(file, Path(folder) / file["name"])
            count += 1
            checked = "checked" if file["blake2b"] else "no digest yet"
            print(f"{file['name']}: {file['size_bytes']:,} bytes, {checked}")
    print(f"{len(bad)} devices are not all right; {count} databases fetched")
    return 1 if bad else 0


def yesterday():
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
