"""A node's services: itself and its two daemons. Each may die and be started again."""

from dataclasses import replace

from lab.answers import Role, Service
from lab.daemons import Rounds
from lab.mysql_service import MysqlService
from lab.node import NodeService
from lab.rsync_service import RsyncService
from lab.world import World


class Services:
    """What one node of the lab runs, for the devices that it knows of."""

    def __init__(self, world: World) -> None:
        self._mysql, self._rsync = MysqlService(world), RsyncService(world)
        self._node = NodeService(world, rsync=lambda: self._rsync.daemon, reachable=self.is_alive)
        self._dead: set[Role] = set()

    @property
    def all(self) -> list[Service]:
        return [self._node, self._mysql, self._rsync]

    def daemons(self) -> list[Rounds]:
        """Those that are alive."""
        services = (self._mysql, self._rsync)
        return [service.daemon for service in services if self.is_alive(service.role)]

    def is_alive(self, role: str) -> bool:
        return role not in self._dead

    def kill(self, role: Role) -> None:
        self._dead.add(role)

    def revive(self, role: Role) -> None:
        """A daemon has forgotten all its jobs."""
        self._dead.discard(role)
        for service in (self._mysql, self._rsync):
            if service.role is role:
                service.restart()


def services_of(world: World, *, nodes: int) -> list["Services"]:
    """Each node knows its share of the devices, in turn, and shares all else with the others."""
    shares = [world.devices[number::nodes] for number in range(nodes)]
    return [Services(replace(world, devices=share)) for share in shares]
