"""Ways to talk to a MariaDB: PyMySQL always, mysqlclient where it is installed."""

from backups.engine.mirror.drivers.by_pymysql import PYMYSQL
from backups.engine.mirror.drivers.link import Account, Driver, Link

try:
    from backups.engine.mirror.drivers.by_mysqlclient import MYSQLCLIENT
except ImportError:
    DRIVERS: tuple[Driver, ...] = (PYMYSQL,)
else:
    DRIVERS = (MYSQLCLIENT, PYMYSQL)

QUICKEST = DRIVERS[0]

__all__ = ["DRIVERS", "QUICKEST", "Account", "Driver", "Link"]
