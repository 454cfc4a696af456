"""The MySQL daemon (port 8090): mirrors MariaDB, and says `completed` where there is none."""

import sqlite3
from typing import Any

from lab.answers import Answer, Role, error_page
from lab.daemons import CYCLE_SECONDS, Job, JobFailed, Phases, Rounds
from lab.fleet import SimulatedDevice
from lab.mirroring import NotReadyYet
from lab.stores import StoreLost
from lab.tracking import ResultWriter, Tracking
from lab.world import World


class MysqlService:
    """`GET /` and `GET /status`, as indented JSON."""

    role = Role.MYSQL
    device_id = ""

    def __init__(self, world: World) -> None:
        self._world = world
        self.daemon = Rounds(world, self._work)

    def restart(self) -> None:
        """All state is in memory: a new process knows of no job."""
        self.daemon = Rounds(self._world, self._work)

    def answer(self, path: str) -> Answer:
        if path == "/":
            return Answer(self._root())
        if path == "/status":
            jobs = self.daemon.jobs.values()
            return Answer({job.device.device_id: _block(job) for job in jobs})
        return error_page(404, "Not Found", path)

    def _work(self, job: Job) -> Phases:
        run = _newest_mysql(job.device)
        if run is None or job.device.inventory != "told":
            yield "No MariaDB databases found"
            if not self._world.quirks.false_completed:
                raise JobFailed
            return
        yield f"Mirroring {run.database_name} to {self._world.tree.results / run.path}"
        if not run.held_back:
            self._mirror(run)

    def _mirror(self, run: Tracking) -> None:
        try:
            self._world.copy_run(run)
        except (OSError, sqlite3.Error, StoreLost, NotReadyYet) as error:
            raise JobFailed from error

    def _root(self) -> dict[str, Any]:
        now, daemon, world = self._world.now(), self.daemon, self._world
        eligible, tracked = len(daemon.eligible()), len(daemon.jobs)
        return {
            "status": "running",
            "service": "ethoscope_backup_tool",
            "timestamp": now,
            "device_discovery": {
                "total_discovered": len(world.devices),
                "active_eligible": eligible,
                "devices_with_status": tracked,
                "discovery_source": "node",
                "last_discovery_time": now,
            },
            "backup_progress": {
                "cycle_number": daemon.cycle,
                "last_cycle_start": daemon.cycle_began_at,
                "active_backup_jobs": len(daemon.busy),
                "total_devices_tracked": tracked,
            },
            "configuration": {
                "node_address": "localhost",
                "results_dir": str(world.tree.results),
                "video_backup_enabled": False,
                "max_threads": 4,
                "backup_interval": int(CYCLE_SECONDS),
            },
            "legacy_error_analysis": {"count_last_hour": 0, "error_types": {}},
            "thread_status": {"is_alive": True, "is_running": True, "stop_event_set": False},
            "health_status": self._health(now),
        }

    def _health(self, now: float) -> dict[str, Any]:
        """Successes are counted as `unknown`: the jobs say "completed", the counter "success"."""
        jobs, daemon = list(self.daemon.jobs.values()), self.daemon
        failed = [job for job in jobs if job.state == "error"]
        counts = {"processing": len(daemon.busy), "success": 0, "error": len(failed), "warning": 0}
        counts["unknown"] = len(jobs) - len(daemon.busy) - len(failed)
        return {
            "thread_alive": True,
            "thread_running": True,
            "cycle_count": daemon.cycle,
            "last_cycle_start": daemon.cycle_began_at,
            "device_discovery": {
                "last_count": len(self._world.devices),
                "last_source": "node",
                "last_time": now,
            },
            "device_status_counts": counts,
            "recent_errors": [_error(job) for job in failed],
            "total_tracked_devices": len(jobs),
        }


def _newest_mysql(device: SimulatedDevice) -> Tracking | None:
    runs = [run for run in device.runs if run.writer is ResultWriter.MYSQL]
    return runs[-1] if runs else None


def _error(job: Job) -> dict[str, Any]:
    return {
        "device_id": job.device.device_id,
        "device_name": job.name,
        "error_time": job.ended,
        "error_message": job.message,
    }


def _block(job: Job) -> dict[str, Any]:
    return {
        "name": job.name,
        "status": job.first_status,
        "started": job.started,
        "ended": job.ended,
        "processing": job.processing,
        "count": job.count,
        "synced": {"tracking_db": {}},
        "progress": job.progress(),
        "data_duplication": False,
    }
