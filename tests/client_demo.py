"""`make client-demo`: a lab's own script at work, against a simulated lab and a server of ours.

The script (examples/nightly.py) knows nothing of ethonode but its address and a token.
"""

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack, redirect_stdout, suppress
from datetime import timedelta
from io import StringIO
from pathlib import Path

from benchmarks.downloads import started
from benchmarks.status_endpoint import set_up
from ethonode.env import BASE_DIR
from lab.server import Lab


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="demo") as folder, ExitStack() as stack:
        lab = stack.enter_context(Lab(root=Path(folder) / "lab", devices=6, chunks=20))
        os.environ |= {
            "ETHONODE_NODE_URL": lab.node_url,
            "ETHONODE_DEVICE_PORT": str(lab.device_port),
            "ETHONODE_RESULTS_DIR": str(lab.results_dir),
            "ETHONODE_VIDEOS_DIR": str(lab.videos_dir),
            "ETHONODE_DEVICE_NETWORKS": "127.0.0.0/8",
        }
        set_up(Path(folder))
        token, day = looked_at()
        address = f"http://127.0.0.1:{stack.enter_context(started(Path(folder)))[0]}"
        print(f"A lab of 6 devices at {address}; experiments of {day}:\n", flush=True)
        script = BASE_DIR / "examples" / "nightly.py"
        own = {"ETHONODE": address, "ETHONODE_TOKEN": token}
        target = Path(folder) / "fetched"
        ended = subprocess.run([sys.executable, script, target, day], env=os.environ | own)
        found = sorted(target.glob("results/*/*/*/*.db"))
        print(f"\nIt ended with {ended.returncode}; in its folder are {len(found)} databases.")
        return 0 if found and ended.returncode in {0, 1} else 1


def looked_at() -> tuple[str, str]:
    """All devices are known and looked at, and somebody may read; the day with the newest copy."""
    from django.contrib.auth.models import Group, User  # noqa: PLC0415
    from django.core.management import CommandError, call_command  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from backups.models import ResultCopy  # noqa: PLC0415
    from backups.services.snapshots import take_snapshot  # noqa: PLC0415
    from devices.models import Device  # noqa: PLC0415
    from devices.services import refresh_devices  # noqa: PLC0415
    from people.models import TokenScope  # noqa: PLC0415
    from people.tokens import make_token  # noqa: PLC0415

    now = timezone.now()
    refresh_devices(now=now)
    for device in Device.objects.all():
        take_snapshot(device, now=timezone.now())
        with suppress(CommandError), redirect_stdout(StringIO()):  # what is bad is to be bad
            call_command("verify", device.device_id)
    viewer = User.objects.create_user("lab script")
    viewer.groups.add(Group.objects.get(name="viewer"))
    end = (now + timedelta(days=2)).date()
    _, key = make_token(viewer, name="demo", scope=TokenScope.READ, ends=end)
    return key, max(ResultCopy.objects.values_list("filename", flat=True))[:10]


if __name__ == "__main__":
    sys.exit(main())
