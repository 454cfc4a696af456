"""`manage.py lab`: run the simulated lab until it is told to stop."""

import json
import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from lab.doors import AddressTaken
from lab.faults.catalogue import CATALOGUE, DEMO
from lab.faults.options import FaultError
from lab.films import film_one
from lab.memory import LabMemoryError
from lab.server import Lab
from lab.sink import Inbox, sink


class Command(BaseCommand):
    help = "Run the simulated lab: a node, two backup daemons, devices and their files."
    requires_system_checks: list[str] = []  # it needs no database

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--root", type=Path, default=Path("var/lab"), help="its files")
        parser.add_argument("--devices", type=int, default=24)
        parser.add_argument("--chunks", type=int, default=200, help="video chunks a device")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--faults", help="a,b@rsync,c@ETHOSCOPE_003; none: the demo's mix")
        parser.add_argument("--list-faults", action="store_true")
        parser.add_argument("--nodes", type=int, default=1, help="that share the devices")
        parser.add_argument("--port", type=int, default=0, help="of the first node; 0 picks one")
        parser.add_argument("--mysql-port", type=int, default=0)
        parser.add_argument("--rsync-port", type=int, default=0)
        parser.add_argument("--device-port", type=int, default=9000, help="0 picks one for all")
        parser.add_argument("--open", type=int, default=0, help="devices with real servers")
        parser.add_argument("--ssh-port", type=int, default=0, help="of open devices; 0 picks one")
        parser.add_argument("--database-port", type=int, default=0, help="of their MariaDB")
        parser.add_argument("--authorized-key", type=Path, help="the public key that logs in")
        parser.add_argument("--sink-port", type=int, default=0, help="shows messages; 0 picks one")
        parser.add_argument("--mail-port", type=int, default=0, help="takes mail; 0: none does")
        parser.add_argument("--live", action="store_true", help="let it move by itself")
        parser.add_argument("--ready-file", type=Path, help="where to write the addresses")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list_faults"]:
            self._list_faults()
            return
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        try:
            ports = {"port": options["sink_port"], "mail_port": options["mail_port"]}
            with _lab(options) as lab, sink(**ports) as inbox:
                film_one(lab.devices, lab.videos_dir, options["root"].absolute() / "films")
                self._tell(lab, inbox, options["ready_file"])
                stopped.wait()
        except (AddressTaken, FaultError, LabMemoryError, OSError, ValueError) as error:
            raise CommandError(f"the simulated lab cannot start: {error}") from error

    def _list_faults(self) -> None:
        width = max(map(len, CATALOGUE))
        for name, fault in CATALOGUE.items():
            self.stdout.write(f"{name:{width}}  {fault.line}")

    def _tell(self, lab: Lab, inbox: Inbox, ready_file: Path | None) -> None:
        addresses = {
            "node_url": lab.node_url,
            "mysql_service_url": lab.mysql_service_url,
            "rsync_service_url": lab.rsync_service_url,
            "device_port": lab.device_port,
            "ssh_port": lab.ssh_port,
            "database_port": lab.database_port,
            "videos_dir": str(lab.videos_dir),
            "results_dir": str(lab.results_dir),
            "inbox_url": f"http://127.0.0.1:{inbox.port}",
            "devices": [f"{each.address}:{lab.device_port}" for each in lab.devices],
        }
        if len(lab.nodes) > 1:
            addresses |= _as_settings(lab)
        for remark in lab.remarks:
            self.stdout.write(remark)
        for name, value in addresses.items():
            self.stdout.write(f"{name}: {value}")
        self.stdout.flush()
        if ready_file:
            partial = ready_file.with_name(f"{ready_file.name}.new")
            partial.write_text(json.dumps(addresses, indent=2))
            partial.replace(ready_file)


def _as_settings(lab: Lab) -> dict[str, str]:
    """Of several nodes all that ethonode is to be told, as its variables have it."""
    names = ("node_url", "mysql_service_url", "rsync_service_url")
    nodes = list(enumerate(lab.nodes, 1))
    return {
        f"ETHONODE_{name.upper()}": ",".join(f"n{n}={getattr(node, name)}" for n, node in nodes)
        for name in names
    }


def _lab(options: dict[str, Any]) -> Lab:
    told = options["faults"]
    faults = DEMO if told is None else tuple(filter(None, told.split(",")))
    return Lab(
        options["root"].absolute(),
        devices=options["devices"],
        chunks=options["chunks"],
        faults=faults,
        seed=options["seed"],
        live=options["live"],
        nodes=options["nodes"],
        node_port=options["port"],
        mysql_port=options["mysql_port"],
        rsync_port=options["rsync_port"],
        device_port=options["device_port"],
        open_devices=options["open"],
        ssh_port=options["ssh_port"],
        database_port=options["database_port"],
        authorized_key=options["authorized_key"],
    )
