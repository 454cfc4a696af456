"""All that a lab listens with: the servers of node, daemons and devices, real ones behind some."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from lab.device_server import DeviceService
from lab.doors import Door, Doors
from lab.faults.active import Faults
from lab.fleet import SimulatedDevice
from lab.real_servers import RealServers
from lab.relays import Relays
from lab.services import Services
from lab.world import World

HOST = "127.0.0.1"


@dataclass(slots=True)
class NodePorts:
    """Of a node and its daemons."""

    node: int = 0
    mysql: int = 0
    rsync: int = 0
    host: str = HOST

    @property
    def node_url(self) -> str:
        return f"http://{self.host}:{self.node}"

    @property
    def mysql_service_url(self) -> str:
        return f"http://{self.host}:{self.mysql}"

    @property
    def rsync_service_url(self) -> str:
        return f"http://{self.host}:{self.rsync}"


@dataclass(slots=True, kw_only=True)
class Ports:
    """0: pick one; afterwards, of real servers: there is none."""

    nodes: list[NodePorts] = field(default_factory=lambda: [NodePorts()])
    device: int = 0
    ssh: int = 0
    database: int = 0


class Entrances:
    """They follow the world and its faults at each `reconcile`."""

    def __init__(self, world: World, faults: Faults, ports: Ports, *, host: str = HOST) -> None:
        self._world = world
        self._faults = faults
        self._ports = ports
        self._host = host
        self._doors = [Doors(world, faults)]

    async def open(self, nodes: Iterable[Services], servers: RealServers) -> None:
        """Raises AddressTaken."""
        ports, devices = self._ports, self._world.devices
        for services, places in zip(nodes, ports.nodes, strict=True):
            await self._open_node(services, places)
        ports.device = await self._doors[0].add(list(map(self._door, devices)), port=ports.device)
        served = [device for device in devices if device.served]
        ports.ssh = await self._relay(devices, server_port=servers.ssh_port, port=ports.ssh)
        ports.database = await self._relay(
            served, server_port=servers.database_port, port=ports.database
        )
        await self.reconcile()

    async def _open_node(self, services: Services, places: NodePorts) -> None:
        for service in services.all:
            door = Door(service, self._host, wanted=partial(services.is_alive, service.role))
            port = await self._doors[0].add([door], port=getattr(places, service.role))
            setattr(places, service.role, port)

    async def reconcile(self) -> None:
        self._world.note_machines()
        for doors in self._doors:
            await doors.reconcile()

    async def close(self) -> None:
        for doors in self._doors:
            await doors.close()

    async def _relay(self, devices: list[SimulatedDevice], *, server_port: int, port: int) -> int:
        if not server_port or not devices:
            return 0
        relays = Relays(self._world, self._faults, server_port=server_port)
        self._doors.append(relays)
        return await relays.add(list(map(self._door, devices)), port=port)

    def _door(self, device: SimulatedDevice) -> Door:
        service = DeviceService(self._world, device)
        return Door(
            service,
            device.address,
            wanted=lambda: device.online,
            before=lambda: self._world.side.lay_out(device),
        )
