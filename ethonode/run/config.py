"""What runs, as the supervisor's configuration. Pure: text out of values."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from ethonode.env import BASE_DIR, Environment, LabPlaces
from ethonode.env_values import BadSetting

WEB_THREADS = 24  # answers under way at once; a thread starts with the first that needs it
LOG_SIZE = "5MB"
LOG_BACKUPS = 2
DEVICES_IN_LAB = 24
CHUNKS_IN_LAB = 200
OPEN_IN_LAB = 9  # devices of which backups can be made here


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What this start needs beside the settings."""

    environment: Environment
    python: str
    redis_server: str | None  # None: a Redis was given
    lab: LabPlaces | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One child. Those of a lower priority start first and stop last."""

    name: str
    priority: int
    command: tuple[str, ...]
    stop_signal: str = "TERM"
    stop_seconds: int = 5
    once: bool = False  # it does one thing and ends

    def section(self, log_dir: Path) -> str:
        lines = {
            "command": _escaped(shlex.join(self.command)),
            "priority": self.priority,
            "stopsignal": self.stop_signal,
            "stopwaitsecs": self.stop_seconds,
            "killasgroup": "true",
        }
        lines |= self._when_it_ends() | self._output(log_dir)
        return _section(f"program:{self.name}", lines)

    def _when_it_ends(self) -> dict[str, object]:
        if self.once:
            return {"autorestart": "false", "startsecs": 0}
        return {"autorestart": "true", "startsecs": 2, "startretries": 1_000_000}

    def _output(self, log_dir: Path) -> dict[str, object]:
        if self.once:
            return {
                "stdout_logfile": "/dev/stdout",
                "stdout_logfile_maxbytes": 0,
                "stderr_logfile": _escaped(str(log_dir / f"{self.name}.log")),
            }
        return {
            "redirect_stderr": "true",
            "stdout_logfile": _escaped(str(log_dir / f"{self.name}.log")),
            "stdout_logfile_maxbytes": LOG_SIZE,
            "stdout_logfile_backups": LOG_BACKUPS,
        }


def supervisor_ini(stack: Stack) -> str:
    var = stack.environment.var_dir
    top = {
        "nodaemon": "true",
        "silent": "true",
        "directory": _escaped(str(BASE_DIR)),
        "logfile": _escaped(str(var / "log" / "supervisor.log")),
        "logfile_maxbytes": "1MB",
        "logfile_backups": 1,
        "childlogdir": _escaped(str(var / "log")),
        "pidfile": _escaped(str(var / "run" / "supervisord.pid")),
    }
    sections = [_section("supervisord", top)]
    sections += [program.section(var / "log") for program in programs(stack)]
    return "\n".join(sections)


def programs(stack: Stack) -> list[Program]:
    parts = [_worker(stack), _beat(stack), web(stack), _welcome(stack)]
    if stack.lab is not None:
        parts.insert(0, _lab(stack, stack.lab))
    if stack.redis_server is not None:
        parts.insert(0, _redis(stack, stack.redis_server))
    return parts


def _redis(stack: Stack, server: str) -> Program:
    folder = stack.environment.var_dir / "redis"
    options = {
        "--port": "0",
        "--unixsocket": str(folder / "redis.sock"),
        "--unixsocketperm": "600",
        "--dir": str(folder),
        "--appendonly": "yes",  # what is queued outlives a restart
        "--save": "",
        "--hz": "2",
        "--daemonize": "no",
    }
    command = (server, *(word for pair in options.items() for word in pair))
    return Program(name="redis", priority=10, command=command, stop_seconds=5)


def _lab(stack: Stack, lab: LabPlaces) -> Program:
    public_key = str(stack.environment.var_dir / "ssh" / "key.pub")
    command = (
        *(stack.python, "manage.py", "lab", "--root", lab.root),
        *("--devices", str(DEVICES_IN_LAB), "--chunks", str(CHUNKS_IN_LAB)),
        *("--port", str(lab.node_port), "--mysql-port", str(lab.mysql_port)),
        *("--rsync-port", str(lab.rsync_port), "--device-port", str(lab.device_port)),
        *("--open", str(OPEN_IN_LAB), "--authorized-key", public_key),
        *("--ssh-port", str(lab.ssh_port), "--database-port", str(lab.database_port)),
        *("--sink-port", str(lab.sink_port), "--mail-port", str(lab.mail_port)),
        "--live",
    )
    return Program(name="lab", priority=20, command=command)


def _worker(stack: Stack) -> Program:
    state = stack.environment.var_dir / "run" / "worker.state"
    concurrency = 2 + stack.environment.parallel_runs  # so that runs keep no snapshot waiting
    command = (
        *(stack.python, "-m", "celery", "-A", "ethonode.celery", "worker"),
        *("--pool", "prefork", "--concurrency", str(concurrency), "--max-tasks-per-child", "1000"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        *("--statedb", str(state), "--hostname", "worker@%h", "--loglevel", "INFO"),
    )
    # QUIT: tasks get CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT to end, then go back into the queue.
    return Program(name="worker", priority=30, command=command, stop_signal="QUIT", stop_seconds=8)


def _beat(stack: Stack) -> Program:
    command = (
        *(stack.python, "-m", "celery", "-A", "ethonode.celery", "beat"),
        *("--pidfile=", "--loglevel", "INFO"),
    )
    return Program(name="beat", priority=40, command=command, stop_seconds=4)


def web(stack: Stack) -> Program:
    environment = stack.environment
    command = (
        *(stack.python, "-m", "gunicorn", "ethonode.wsgi:application"),
        *("--bind", f"{_host(environment)}:{environment.port}"),
        *("--worker-class", "ethonode.web_worker.WholeRequests", "--workers", "1"),
        *("--threads", str(WEB_THREADS)),
        *("--timeout", "60", "--graceful-timeout", "3", "--no-control-socket"),
        *("--log-level", "warning"),  # its master has no Django, so no JSON lines
        *("--worker-tmp-dir", str(environment.var_dir / "run")),
    )
    return Program(name="web", priority=50, command=command)


def _welcome(stack: Stack) -> Program:
    command = (stack.python, "-m", "ethonode.run.welcome")
    return Program(name="welcome", priority=60, command=command, once=True)


def address(environment: Environment) -> str:
    """What a person types into the browser."""
    everywhere = {"0.0.0.0": "localhost", "::": "localhost"}  # noqa: S104  compared, not bound
    host = everywhere.get(environment.bind) or _host(environment)
    return f"http://{host}:{environment.port}/"


def _host(environment: Environment) -> str:
    return f"[{environment.bind}]" if ":" in environment.bind else environment.bind


def _section(name: str, lines: dict[str, object]) -> str:
    return "\n".join([f"[{name}]", *(f"{key} = {value}" for key, value in lines.items()), ""])


def _escaped(value: str) -> str:
    """Per cent is the supervisor's own sign, and nothing escapes a comment or a new line."""
    if any(sign in value for sign in ("\n", "\r", ";", "#")):
        raise BadSetting(f"{value!r}: a path here cannot hold a new line, ';' or '#'")
    return value.replace("%", "%%")
