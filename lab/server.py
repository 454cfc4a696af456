"""The simulated lab: a node, two backup daemons and their devices, over real sockets and files.

    with Lab(root=folder, devices=6, chunks=200, faults=("hung@rsync",), seed=1) as lab:
        lab.node_url, lab.mysql_service_url, lab.rsync_service_url     http://127.0.0.1:...
        lab.device_port                    the port of every device, each on its own address
        lab.videos_dir, lab.results_dir    what the node holds
        lab.devices                        [.device_id, .name, .address, .kind, .runs, ...]
        lab.now()                          the lab's time; a lab that is not live stands still
        lab.tick(600)                      let that many seconds pass
        lab.faults.switch_on("corrupt-copy", device="ETHOSCOPE_001")   gives the devices struck
        lab.faults.switch_on("cut", target="mysql", path="/status")
        lab.faults.switch_off("cut")
        lab.kill("rsync"), lab.revive("rsync")     node, mysql or rsync; a daemon forgets its jobs
        lab.turn_off(device), lab.stop_run(device), lab.stop_recording(device), and on/start
        lab.requests                       what the servers were asked, oldest first
A lab with `live=True` moves by itself every five seconds, on the wall clock. `restless=False`
keeps devices and runs as they are. `started_at` sets the clock of a lab that is not live. A
second lab on the same root goes on with the files that are there.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from lab import life
from lab.answers import Role
from lab.clockwork import STEP_SECONDS, Clockwork
from lab.daemons import Daemon
from lab.device_server import DeviceService
from lab.doors import Door, Doors
from lab.faults.active import Faults
from lab.faults.switch import FaultSwitch
from lab.fleet import MOST_DEVICES, SimulatedDevice
from lab.founding import found
from lab.loop import LoopThread, every
from lab.memory import note
from lab.mysql_service import MysqlService
from lab.node import NodeService
from lab.rsync_service import RsyncService
from lab.runs import Run
from lab.world import Clock, Request

T = TypeVar("T")
_HOST = "127.0.0.1"
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
        node_port: int = 0,
        mysql_port: int = 0,
        rsync_port: int = 0,
        device_port: int = 0,
    ) -> None:
        if not 1 <= devices <= MOST_DEVICES:
            raise ValueError(f"a lab has 1 to {MOST_DEVICES} devices, not {devices}")
        self._clock = Clock(None if live else (started_at or Clock().now()))
        self._live = live
        self._root, self._devices, self._chunks, self._seed = root, devices, chunks, seed
        self._first_faults = tuple(faults)
        self._restless = restless
        self._ports = {Role.NODE: node_port, Role.MYSQL: mysql_port, Role.RSYNC: rsync_port}
        self.device_port = device_port
        self._dead: set[Role] = set()
        self._moved_at = self._noted_at = self._clock.now()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Found the lab and open its doors. Raises AddressTaken, FaultError, LabMemoryError."""
        self._world, self._resting = found(
            self._root,
            devices=self._devices,
            chunks=self._chunks,
            seed=self._seed,
            clock=self._clock,
        )
        faults = Faults(self._world)
        self._mysql, self._rsync = MysqlService(self._world), RsyncService(self._world)
        self._doors = Doors(self._world, faults)
        self._clockwork = Clockwork(self._world, self._daemons, restless=self._restless)
        self.faults = FaultSwitch(faults, self._change)
        self._thread = LoopThread()
        self._thread.start()
        try:
            self._open()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Close everything and write down how far the lab came. A second time does nothing."""
        if not self._thread.running:
            return
        self._thread.run(self._doors.close())
        self._thread.stop()
        self._world.side.close()
        note(self._world, resting=self._resting)

    @property
    def node_url(self) -> str:
        return self._url(Role.NODE)

    @property
    def mysql_service_url(self) -> str:
        return self._url(Role.MYSQL)

    @property
    def rsync_service_url(self) -> str:
        return self._url(Role.RSYNC)

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

    def kill(self, role: str) -> None:
        """End the node or a daemon, with the connections that it has."""
        self._change(lambda: self._dead.add(Role(role)))

    def revive(self, role: str) -> None:
        """Start it again, at the same address; a daemon has forgotten all its jobs."""
        self._change(lambda: self._bring_back(Role(role)))

    def turn_off(self, device: SimulatedDevice) -> None:
        self._change(lambda: life.turn_off(self._world, device))

    def turn_on(self, device: SimulatedDevice) -> None:
        self._change(lambda: life.turn_on(device))

    def stop_run(self, device: SimulatedDevice) -> Run | None:
        return self._thread.do(lambda: life.stop_run(self._world, device))

    def start_run(self, device: SimulatedDevice) -> Run | None:
        return self._thread.do(lambda: life.start_run(self._world, device))

    def stop_recording(self, device: SimulatedDevice) -> None:
        self._thread.do(lambda: life.stop_recording(device))

    def start_recording(self, device: SimulatedDevice) -> None:
        self._thread.do(lambda: life.start_recording(self._world, device))

    def _open(self) -> None:
        """A first cycle of both daemons, then the faults, then the doors."""
        for daemon in self._daemons():
            self._thread.do(daemon.finish_cycle)
        self.faults.switch_on_all(self._first_faults)
        self._thread.run(self._open_doors())
        if self._live:
            self._thread.begin(every(STEP_SECONDS, self._live_on))

    async def _open_doors(self) -> None:
        services = (
            NodeService(self._world, rsync=self._rsync_daemon, reachable=self._is_alive),
            self._mysql,
            self._rsync,
        )
        for service in services:
            door = Door(service, _HOST, wanted=partial(self._is_alive, service.role))
            self._ports[service.role] = await self._doors.add(
                [door], port=self._ports[service.role]
            )
        self.device_port = await self._doors.add(
            [self._device_door(device) for device in self.devices], port=self.device_port
        )
        await self._doors.reconcile()

    def _device_door(self, device: SimulatedDevice) -> Door:
        service = DeviceService(self._world, device)
        return Door(service, device.address, wanted=lambda: device.online)

    def _change(self, action: Callable[[], T]) -> T:
        """Change the world in its own thread, and let the doors follow."""

        async def act() -> T:
            result = action()
            await self._doors.reconcile()
            return result

        return self._thread.run(act())

    async def _live_on(self) -> None:
        now = self._clock.now()
        self._clockwork.step(max(0.0, now - self._moved_at))
        self._moved_at = now
        await self._doors.reconcile()
        if now - self._noted_at >= _NOTE_EVERY:
            note(self._world, resting=self._resting)
            self._noted_at = now

    def _daemons(self) -> list[Daemon]:
        services = (self._mysql, self._rsync)
        return [service.daemon for service in services if self._is_alive(service.role)]

    def _rsync_daemon(self) -> Daemon:
        return self._rsync.daemon

    def _is_alive(self, role: str) -> bool:
        return role not in self._dead

    def _bring_back(self, role: Role) -> None:
        self._dead.discard(role)
        for service in (self._mysql, self._rsync):
            if service.role is role:
                service.restart()

    def _url(self, role: Role) -> str:
        return f"http://{_HOST}:{self._ports[role]}"
