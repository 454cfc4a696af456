import subprocess

import pymysql
import pytest
from redis import ConnectionError as RedisGone
from redis import Redis

from tests import servers


def test_the_private_redis_answers(redis_server):
    with Redis.from_url(redis_server.url) as client:
        assert client.ping()


def test_the_private_redis_is_gone_afterwards(tmp_path):
    with servers.private_redis(tmp_path) as server:
        pass
    with Redis.from_url(server.url) as client, pytest.raises(RedisGone):
        client.ping()


def test_the_private_mariadb_answers(mariadb_server):
    login = {"user": mariadb_server.user, "password": mariadb_server.password}
    connection = pymysql.connect(host="127.0.0.1", port=mariadb_server.port, **login)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT 6 * 7")
        assert cursor.fetchone() == (42,)


def test_the_private_mariadb_lets_its_user_make_databases(mariadb_server):
    login = {"user": mariadb_server.user, "password": mariadb_server.password}
    connection = pymysql.connect(host="127.0.0.1", port=mariadb_server.port, **login)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE ETHOSCOPE_042_db")
        assert cursor.execute("SHOW DATABASES LIKE 'ETHOSCOPE_042_db'") == 1
        cursor.execute("DROP DATABASE ETHOSCOPE_042_db")


def test_a_key_opens_the_private_sshd(sshd):
    answer = subprocess.run(sshd.ssh("echo", "in"), capture_output=True, text=True, timeout=30)
    assert answer.stdout == "in\n", answer.stderr


def test_another_key_does_not(sshd, tmp_path):
    other = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    command = [str(other) if word == str(sshd.key_file) else word for word in sshd.ssh("true")]
    command = [word.replace(str(sshd.key_file), str(other)) for word in command]
    assert subprocess.run(command, capture_output=True, timeout=30).returncode == 255


def test_a_server_that_ends_at_once_says_why(tmp_path):
    (tmp_path / "redis.sock").mkdir()
    with (
        pytest.raises(servers.ServerFailed, match="opening Unix socket"),
        servers.private_redis(tmp_path),
    ):
        pass
