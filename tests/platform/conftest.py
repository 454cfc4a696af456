"""One of each private server for a whole test run (one per worker process)."""

from collections.abc import Iterator

import pytest

from tests import servers
from tests.servers import PrivateMariaDB, PrivateRedis, PrivateSshd


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory) -> Iterator[PrivateRedis]:
    with servers.private_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory) -> Iterator[PrivateMariaDB]:
    with servers.private_mariadb(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.fixture(scope="session")
def sshd(tmp_path_factory) -> Iterator[PrivateSshd]:
    with servers.private_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server
