"""Fetch the databases that a metadata CSV names, and check them: `fetch_databases.py CSV FOLDER`.

The CSV is that of ethoscopy and rethomics: `machine_name`, `date`, and `time` where one day has
more than one experiment. ETHONODE is the address, ETHONODE_TOKEN a token with the scope “read”.
FOLDER gets `results/ID/NAME/DATE_TIME/*.db`: `FOLDER/results` is what these tools ask for.
"""

import csv
import hashlib
import os
import sys
from pathlib import Path
from urllib.parse import urlencode

import urllib3

HERE = os.environ.get("ETHONODE", "http://localhost:8000").rstrip("/")
ASKED = {"Authorization": f"Token {os.environ['ETHONODE_TOKEN']}"}
http = urllib3.PoolManager(timeout=60, retries=False)


def pages(**asked):
    """Every file that is asked for, page after page."""
    page = f"{HERE}/api/v1/files/?{urlencode(asked)}"
    while page:
        answer = http.request("GET", page, headers=ASKED)
        assert answer.status == 200, answer.data
        yield from answer.json()["results"]
        page = answer.json()["next"]


def fetch(file, target):
    """Its bytes, from where a broken transfer ended; what has another digest is an error."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    mark = target.with_name(target.name + ".etag")
    headers = dict(ASKED)
    if part.exists() and mark.exists():
        headers |= {"Range": f"bytes={part.stat().st_size}-", "If-Range": mark.read_text()}
    answer = http.request("GET", file["content"], headers=headers, preload_content=False)
    if answer.status not in (200, 206):
        sys.exit(f"{file['name']}: {answer.status} {answer.read(500).decode()}")
    mark.write_text(answer.headers["ETag"])
    with part.open("ab" if answer.status == 206 else "wb") as out:
        for piece in answer.stream(1 << 20):
            out.write(piece)
    if file["blake2b"] and digest_of(part) != file["blake2b"]:
        part.unlink()
        sys.exit(f"{file['name']}: its digest is another one: try again")
    part.replace(target)
    mark.unlink()


def digest_of(path):
    digest = hashlib.blake2b()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def main(metadata, folder):
    with Path(metadata).open(newline="") as lines:
        for row in csv.DictReader(lines):
            begins = f"{row['date']}_{row.get('time') or ''}"
            wanted = f"/{row['machine_name']}/{begins}"
            found = list(pages(kind="database", search=wanted))
            if not found:
                sys.exit(f"{wanted}: no such database is saved")
            for file in found:
                fetch(file, Path(folder) / file["name"])
                checked = "checked" if file["blake2b"] else "not read to its end yet: no digest"
                print(f"{file['name']}: {checked}")
    load(metadata, Path(folder) / "results")


def load(metadata, results):
    """With ethoscopy, where it is installed."""
    try:
        import ethoscopy
    except ImportError:
        print("ethoscopy is not installed: nothing was loaded")
        return
    meta = ethoscopy.link_meta_index(metadata, str(results))
    print(ethoscopy.load_ethoscope(meta))


if __name__ == "__main__":
    main(*sys.argv[1:])
