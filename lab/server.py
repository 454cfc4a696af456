"""The simulated lab: a node, two backup daemons and their devices, over real sockets and files.

    with Lab(root=folder, devices=6, chunks=200, faults=("hung@rsync",), seed=1) as lab:
        lab.node_url, lab.mysql_service_url, lab.rsync_service_url     http://127.0.0.1:...
        lab.nodes                          of each node these three; they share the devices
        lab.device_port                    the port of every device, each on its own address
        lab.videos_dir, lab.results_dir    what the node holds
        lab.devices                        [.device_id, .name, .address, .kind, .runs, ...]
        lab.now()                          the lab's time; a lab that is not live stands still
        lab.tick(600)                      let that many seconds pass
        lab.faults.switch_on("corrupt-copy", device="ETHOSCOPE_001")   gives the devices struck
        lab.faults.switch_on("cut", target="mysql", path="/status")
        lab.faults.switch_off("cut")
        lab.kill("rsync"), lab.revive("rsync")     node, mysql or rsync; a daemon forgets its jobs
        lab.kill("node", at=1)             that of the second node, in a lab of `nodes=2`
        lab.turn_off(device), lab.stop_run(device), lab.stop_recording(device), and on/start
        lab.requests                       what the servers were asked, oldest first
        lab.ssh_port                       of every device, on its own address, if any is open
        lab.database_port                  of the open devices' MariaDB
        lab.remarks                        lines for a person: what could not be opened, and why
A lab with `live=True` moves by itself every five seconds, on the wall clock. `restless=False`
keeps devices and runs as they are. `started_at` sets the clock of a lab that is not live. A
second lab on the same root goes on with the files that are there. `open_devices=6` opens some
(lab/fleet.py: which): the account `node` logs in to their MariaDB, and the lab's daemons leave them
to others. A lab on a machine of its own listens at `host`, and its devices' addresses begin with
`network`. Then the key of `authorized_key` logs in by ssh to every device: whoever does, finds
its card, with all that it films and tracks.
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from lab import life
from lab.answers import Role
from lab.clockwork import STEP_SECONDS, Clockwork
from lab.daemons import Rounds
from lab.entrances import HOST, Entrances, NodePorts, Ports
from lab.faults.active import Faults
from lab.faults.switch import FaultSwitch
from lab.fleet import MOST_DEVICES, NETWORK, SimulatedDevice
from lab.founding import found
from lab.loop import LoopThread, every
from lab.memory import note
from lab.real_servers import real_servers
from lab.services import services_of
from lab.tracking import Tracking
from lab.world import Clock, Request

T = TypeVar("T")
_NOTE_EVERY = 60.0


class Lab:
    """A lab from start to stop. Everything in it happens in one thread of its own."""

    def __init__(
        self,
        root: Path,
        *,
        devices: int = 6,
        chunks: int = 200,
        faults: Iterable[str] = (),
        seed: int = 1,
        live: bool = False,
        started_at: float | None = None,
        restless: bool = True,
        nodes: int = 1,
        node_port: int = 0,
        mysql_port: int = 0,
        rsync_port: int = 0,
        device_port: int = 0,
        open_devices: int = 0,
        ssh_port: int = 0,
        database_port: int = 0,
        authorized_key: Path | None = None,
        host: str = HOST,
        network: str = NETWORK,
    ) -> None:
        if not 1 <= devices <= MOST_DEVICES:
            raise ValueError(f"a lab has 1 to {MOST_DEVICES} devices, not {devices}")
        if not 1 <= nodes <= devices:
            raise ValueError(f"a lab has 1 to {devices} nodes for its devices, not {nodes}")
        self._clock = Clock(None if live else (started_at or Clock().now()))
        self._live = live
        self._found = partial(
            found,
            root,
            devices=devices,
            chunks=chunks,
            seed=seed,
            clock=self._clock,
            network=network,
        )
        self._host = host
        self._first_faults = tuple(faults)
        self._restless = restless
        self._ports = Ports(
            nodes=[
                NodePorts(node_port, mysql_port, rsync_port, host),
                *(NodePorts(host=host) for _ in range(nodes - 1)),
            ],
            device=device_port,
            ssh=ssh_port,
            database=database_port,
        )
        self._real_servers = partial(
            real_servers,
            root / "servers",
            devices=devices,
            seed=seed,
            count=open_devices,
            authorized_key=authorized_key,
        )
        self._moved_at = self._noted_at = self._clock.now()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Found the lab and open its doors. Raises AddressTaken, FaultError, LabMemoryError."""
        with ExitStack() as stack:
            self._servers = stack.enter_context(self._real_servers())
            self._world, self._resting = self._found(
                opened=self._servers.opened,
                mariadb=self._servers.mariadb,
                machines=self._servers.machines,
            )
            stack.callback(self._world.side.close)
            self._begin()
            self._ending = stack.pop_all()

    def stop(self) -> None:
        """Close everything and write down how far the lab came. A second time does nothing."""
        if not self._thread.running:
            return
        self._end()
        self._ending.close()

    @property
    def nodes(self) -> list[NodePorts]:
        return self._ports.nodes

    @property
    def node_url(self) -> str:
        return self.nodes[0].node_url

    @property
    def mysql_service_url(self) -> str:
        return self.nodes[0].mysql_service_url

    @property
    def rsync_service_url(self) -> str:
        return self.nodes[0].rsync_service_url

    @property
    def device_port(self) -> int:
        return self._ports.device

    @property
    def ssh_port(self) -> int:
        return self._ports.ssh

    @property
    def database_port(self) -> int:
        return self._ports.database

    @property
    def remarks(self) -> list[str]:
        return self._servers.remarks

    @property
    def videos_dir(self) -> Path:
        return self._world.tree.videos

    @property
    def results_dir(self) -> Path:
        return self._world.tree.results

    @property
    def devices(self) -> list[SimulatedDevice]:
        return self._world.devices

    @property
    def requests(self) -> list[Request]:
        return list(self._world.requests)

    def now(self) -> float:
        return self._clock.now()

    def tick(self, seconds: float) -> None:
        """Let time pass in a lab that is not live."""
        self._change(lambda: self._clockwork.pass_time(seconds))

    def kill(self, role: str, *, at: int = 0) -> None:
        """End a node or a daemon of it, with the connections that it has."""
        self._change(lambda: self._services[at].kill(Role(role)))

    def revive(self, role: str, *, at: int = 0) -> None:
        """Start it again, at the same address; a daemon has forgotten all its jobs."""
        self._change(lambda: self._services[at].revive(Role(role)))

    def turn_off(self, device: SimulatedDevice) -> None:
        self._change(lambda: life.turn_off(self._world, device))

    def turn_on(self, device: SimulatedDevice) -> None:
        self._change(lambda: life.turn_on(device))

    def stop_run(self, device: SimulatedDevice) -> Tracking | None:
        return self._thread.do(lambda: life.stop_run(self._world, device))

    def start_run(self, device: SimulatedDevice) -> Tracking | None:
        return self._thread.do(lambda: life.start_run(self._world, device))

    def stop_recording(self, device: SimulatedDevice) -> None:
        self._thread.do(lambda: life.stop_recording(device))

    def start_recording(self, device: SimulatedDevice) -> None:
        self._thread.do(lambda: life.start_recording(self._world, device))

    def _begin(self) -> None:
        faults = Faults(self._world)
        self._services = services_of(self._world, nodes=len(self._ports.nodes))
        self._entrances = Entrances(self._world, faults, self._ports, host=self._host)
        self._clockwork = Clockwork(self._world, self._daemons, restless=self._restless)
        self.faults = FaultSwitch(faults, self._change)
        self._thread = LoopThread()
        self._thread.start()
        with ExitStack() as begun:
            begun.callback(self._end)
            self._open()
            begun.pop_all()

    def _daemons(self) -> list[Rounds]:
        """Those that are alive, at any node."""
        return [daemon for services in self._services for daemon in services.daemons()]

    def _open(self) -> None:
        """A first cycle of the daemons, then the faults, then the doors."""
        for daemon in self._daemons():
            self._thread.do(daemon.finish_cycle)
        self.faults.switch_on_all(self._first_faults)
        self._thread.run(self._entrances.open(self._services, self._servers))
        if self._live:
            self._thread.begin(every(STEP_SECONDS, self._live_on))

    def _end(self) -> None:
        self._thread.run(self._entrances.close())
        self._thread.stop()
        note(self._world, resting=self._resting)

    def _change(self, action: Callable[[], T]) -> T:
        """Change the world in its own thread, and let the doors follow."""

        async def act() -> T:
            result = action()
            await self._entrances.reconcile()
            return result

        return self._thread.run(act())

    async def _live_on(self) -> None:
        now = self._clock.now()
        self._clockwork.step(max(0.0, now - self._moved_at))
        self._moved_at = now
        await self._entrances.reconcile()
        if now - self._noted_at >= _NOTE_EVERY:
            note(self._world, resting=self._resting)
            self._noted_at = now
