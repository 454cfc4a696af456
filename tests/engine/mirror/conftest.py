"""A private MariaDB for the whole session, a device's database on it, and one way to mirror it."""

from itertools import count
from types import SimpleNamespace

import pytest

from backups.engine.mirror import MirrorOptions, mirror
from backups.engine.mirror.drivers import DRIVERS
from tests.engine.mirror.device import Device, connected
from tests.fault_proxy import fault_proxy
from tests.servers import private_mariadb

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory):
    with private_mariadb(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.fixture(scope="session")
def as_root(mariadb):
    """A connection that may do all, on a server that need not survive a power cut."""
    with connected(mariadb) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE USER node@'%' IDENTIFIED BY 'node'")
        cursor.execute("GRANT SELECT ON *.* TO node@'%'")
        cursor.execute("SET GLOBAL innodb_file_per_table=0, innodb_flush_log_at_trx_commit=0")
        yield connection


@pytest.fixture(params=DRIVERS, ids=lambda driver: driver.name)
def driver(request):
    return request.param


@pytest.fixture
def device(mariadb, as_root, driver):
    found = Device(mariadb, f"ETHOSCOPE_{next(_NUMBERS):03}_db", as_root, driver)
    found.begin_run()
    yield found
    found.run(f"DROP DATABASE IF EXISTS `{found.database}`")


@pytest.fixture
def proxy(mariadb):
    with fault_proxy(mariadb.port) as proxy:
        yield proxy


@pytest.fixture
def copy(device, tmp_path, now):
    """Where the copy lies, and `mirror` to bring it up to date."""
    path = tmp_path / "2026-01-02_03-04-05" / "2026-01-02_03-04-05_0192c3d4.db"

    def bring(source=None, *, progress=lambda _: None, cancelled=lambda: False, **options):
        return mirror(
            source or device.source(),
            path,
            progress=progress,
            now=now,
            cancelled=cancelled,
            options=MirrorOptions(**options),
        )

    return SimpleNamespace(path=path, mirror=bring)
