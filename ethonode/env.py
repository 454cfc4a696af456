"""The environment, read in this one place. A bad value stops the start with one clear line."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from environs import FileAwareEnv

from devices.addresses import LOOPBACK_NETWORKS
from devices.nodes import ONLY, Node
from ethonode import env_nodes
from ethonode import env_values as values
from ethonode.env_values import BadSetting

BASE_DIR = Path(__file__).resolve().parent.parent
LAB_FILE = "run/lab-places.json"  # below var: where the simulated lab of `make run` is


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Every ETHONODE_* variable, checked. Paths are absolute; an empty text means 'not set'."""

    var_dir: Path
    nodes: tuple[Node, ...]  # at least one; without an address where no node is set
    device_addresses: tuple[str, ...]
    mysql_user: str
    mysql_password: str = field(repr=False)  # of the databases on the devices
    mysql_port: int
    ssh_user: str  # of the devices' accounts
    ssh_port: int
    ssh_key_file: Path
    certificate_key_file: Path
    device_data_root: Path  # where devices keep `results/` and `videos/`
    bandwidth_kib: int  # of one pull, in KiB a second; 0: no limit
    parallel_runs: int
    films: int  # watched at once
    videos_dir: Path
    results_dir: Path
    cards_dir: Path
    cache_dir: Path | None
    storage: str  # whose worker or web server this is; empty: that of the one host
    saves_dir: Path  # of ethonode's own database and keys
    saves_keep: int
    database: dict[str, Any] = field(repr=False)  # may hold a password
    redis_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    old_secret_keys: tuple[str, ...] = field(repr=False)  # what was kept under them is still read
    allowed_hosts: tuple[str, ...]
    bind: str
    port: int
    device_port: int
    lab_allowed: bool  # whether `make run` may start the simulated lab
    simulated_lab: bool  # whether node, daemons and files are those of the simulated lab
    admin_password: str = field(repr=False)
    public_url: str  # by which people reach this site; for links in messages
    heartbeat_url: str = field(repr=False)  # whoever has it can claim that we live
    alert_networks: tuple[str, ...]  # inner networks that messages may go to
    trusted_proxies: tuple[str, ...]  # whose word on who asks, and how, is taken
    device_networks: tuple[str, ...]  # where a device may be, whoever tells that it is there
    security_contact: str
    sendfile: str  # how the web server in front is told to send a file itself; empty: it is not
    hsts: timedelta  # for how long browsers ask by https only, once they did
    status_ttl: timedelta
    service_timeout: timedelta
    status_networks: tuple[str, ...]
    wall_networks: tuple[str, ...]  # who may see the wall without a login
    old_page_backups: bool  # whether those networks may also start backups without a login
    settled_after: timedelta
    debug: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LabPlaces:
    """Where the simulated lab answers, and the folder of its files."""

    root: str
    node_port: int
    mysql_port: int
    rsync_port: int
    device_port: int
    ssh_port: int = 0  # 0: its devices have no sshd
    database_port: int = 0  # 0: they have no MariaDB
    ssh_user: str = ""
    sink_port: int = 0  # shows what messages it got; 0: it takes none
    mail_port: int = 0


def read() -> Environment:
    """Read and check the environment. The simulated lab is joined while `make run` runs one.

    Raises BadSetting, whose text never shows the value of a secret.
    """
    return _joined(read_alone())


def read_alone() -> Environment:
    """The environment as set, without the simulated lab."""
    env = FileAwareEnv(strip_whitespace=True)
    try:
        with env.prefixed("ETHONODE_"):
            return _read(env)
    except UnicodeDecodeError as error:
        raise BadSetting("a file named by an ETHONODE_..._FILE variable holds no text") from error
    except ValueError as error:  # every EnvError is one; none shows the value
        raise BadSetting(str(error)) from error
    except OSError as error:
        raise BadSetting(f"{error.filename}: {error.strerror}") from error


def no_lab_set(environment: Environment) -> bool:
    return not any(node.url for node in environment.nodes) and not environment.device_addresses


def _joined(environment: Environment) -> Environment:
    if not (no_lab_set(environment) and environment.lab_allowed):
        return environment
    try:
        lab = LabPlaces(**json.loads((environment.var_dir / LAB_FILE).read_bytes()))
    except OSError:  # no lab runs
        return environment
    except (ValueError, TypeError) as error:
        raise BadSetting(f"{environment.var_dir / LAB_FILE}: {error}") from error
    return replace(
        environment,
        simulated_lab=True,
        nodes=(_of_lab(lab),),
        device_port=lab.device_port,
        videos_dir=Path(lab.root) / "videos",
        results_dir=Path(lab.root) / "results",
        cards_dir=Path(lab.root) / "cards_here",
        ssh_port=lab.ssh_port or environment.ssh_port,
        ssh_user=lab.ssh_user or environment.ssh_user,
        mysql_port=lab.database_port or environment.mysql_port,
        device_data_root=Path(lab.root) / "devices",
        alert_networks=(*environment.alert_networks, "127.0.0.0/8"),  # where its inbox is
        device_networks=(*environment.device_networks, *LOOPBACK_NETWORKS),
    )


def _of_lab(lab: LabPlaces) -> Node:
    ports = {"mysql": lab.mysql_port, "rsync": lab.rsync_port}
    return Node(
        name=ONLY,
        url=f"http://127.0.0.1:{lab.node_port}",
        daemons={name: f"http://127.0.0.1:{port}" for name, port in ports.items()},
    )


def _read(env: FileAwareEnv) -> Environment:
    var_dir = values.path(env, "VAR_DIR", BASE_DIR / "var")
    values.make_var(var_dir)
    nodes = env_nodes.read(env)
    addresses: tuple[str, ...] = tuple(env.list("DEVICE_ADDRESSES", []))
    data_root = values.path(env, "DATA_ROOT", Path("/ethoscope_data"))
    return Environment(
        var_dir=var_dir,
        nodes=nodes,
        device_addresses=addresses,
        mysql_user=env.str("MYSQL_USER", "") or "node",
        mysql_password=env.str("MYSQL_PASSWORD", "") or "node",  # as every device is delivered
        mysql_port=values.whole(env, "MYSQL_PORT", 3306, least=1, most=65535),
        ssh_user=values.account(env, "SSH_USER", "ethoscope"),
        ssh_port=values.whole(env, "SSH_PORT", 22, least=1, most=65535),
        ssh_key_file=values.path(env, "SSH_KEY_FILE", var_dir / "ssh" / "key"),
        certificate_key_file=values.path(
            env, "CERTIFICATE_KEY_FILE", var_dir / "certificates" / "key"
        ),
        device_data_root=values.path_on_device(env, "DEVICE_DATA_ROOT", "/ethoscope_data"),
        bandwidth_kib=values.whole(env, "BANDWIDTH_KIB", 0, least=0, most=10**7),
        parallel_runs=values.whole(env, "PARALLEL_RUNS", 2, least=1, most=100),
        films=values.whole(env, "FILMS", 4, least=0, most=100),
        videos_dir=values.path(env, "VIDEOS_DIR", data_root / "videos"),
        results_dir=values.path(env, "RESULTS_DIR", data_root / "results"),
        cards_dir=values.path(env, "CARDS_DIR", data_root / "cards"),
        cache_dir=values.path(env, "CACHE_DIR", None),
        storage=values.storage(env),
        saves_dir=values.path(env, "SAVES_DIR", var_dir / "saves"),
        saves_keep=values.whole(env, "SAVES_KEEP", 7, least=1, most=1000),
        database=values.database(env, f"sqlite:///{quote(str(var_dir))}/ethonode.sqlite3"),
        redis_url=values.redis(env) or own_redis_url(var_dir),
        secret_key=env.str("SECRET_KEY", "") or values.own_secret_key(var_dir),
        old_secret_keys=tuple(env.list("OLD_SECRET_KEYS", [])),
        allowed_hosts=tuple(env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])),
        bind=env.str("BIND", "127.0.0.1"),
        port=values.whole(env, "PORT", 8000, least=1, most=65535),
        device_port=values.whole(env, "DEVICE_PORT", 9000, least=1, most=65535),
        lab_allowed=values.flag(env, "SIMULATED_LAB", default=True),
        simulated_lab=False,
        admin_password=env.str("ADMIN_PASSWORD", ""),
        public_url=values.url(env, "PUBLIC_URL", ""),
        heartbeat_url=values.secret_url(env, "HEARTBEAT_URL"),
        alert_networks=values.networks(env, "ALERT_NETWORKS", []),
        trusted_proxies=values.networks(env, "TRUSTED_PROXIES", []),
        device_networks=values.device_networks(
            env,
            "DEVICE_NETWORKS",
            node_urls=[node.url for node in nodes],
            addresses=addresses,
        ),
        security_contact=values.contact(env, "SECURITY_CONTACT"),
        sendfile=values.one_of(env, "SENDFILE", ("x-accel-redirect", "x-sendfile")),
        hsts=values.seconds(env, "HSTS_SECONDS", 30 * 24 * 3600),
        status_ttl=values.seconds(env, "STATUS_TTL", 300),
        service_timeout=values.seconds(env, "SERVICE_TIMEOUT", 2),
        wall_networks=values.networks(env, "WALL_NETWORKS", []),
        status_networks=values.networks(env, "STATUS_NETWORKS", [*LOOPBACK_NETWORKS]),
        old_page_backups=values.flag(env, "OLD_PAGE_BACKUPS", default=False),
        settled_after=values.seconds(env, "SETTLED_AFTER", 7 * 24 * 3600),
        debug=values.flag(env, "DEBUG", default=False),
    )


def own_redis_url(var_dir: Path) -> str:
    """Of the private Redis that `make run` starts."""
    return f"unix://{quote(str(var_dir))}/redis/redis.sock"
