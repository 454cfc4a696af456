"""The rsync daemon (port 8093): copies results and videos of each device, and tells of it."""

from typing import Any

from lab.answers import Answer, Role, error_page
from lab.daemons import Job, JobFailed, Phases, Rounds
from lab.fleet import SimulatedDevice
from lab.stamps import daemon_string, human_size
from lab.tracking import ResultWriter
from lab.tree import Copied, Totals
from lab.world import World

_TREES = ("results", "videos")
_SPEED = "3.91MB/s"


class RsyncService:
    """`GET /` and `GET /status`. Sizes are of the whole shared tree, as the real one's."""

    role = Role.RSYNC
    device_id = ""

    def __init__(self, world: World) -> None:
        self._world = world
        self.daemon = Rounds(world, self._work)

    def restart(self) -> None:
        """All state is in memory: a new process knows of no job."""
        self.daemon = Rounds(self._world, self._work)

    def answer(self, path: str) -> Answer:
        if path == "/":
            ended_at = self.daemon.cycle_ended_at
            last = daemon_string(ended_at) if ended_at else ""
            return Answer({"status": "running", "last_backup": last})
        if path == "/status":
            return Answer(self._status())
        return error_page(404, "File not found", path)

    def _status(self) -> dict[str, Any]:
        jobs = self.daemon.jobs.values()
        return {
            "devices": {job.device.device_id: _block(job) for job in jobs},
            "disk_usage_summary": _summary([job.synced for job in jobs]),
        }

    def _work(self, job: Job) -> Phases:
        """One device's turn: results, if its inventory names any, then videos."""
        job.transfers = {}
        synced: dict[str, Any] = {}
        if job.device.inventory == "told" and any(_sqlite_runs(job.device)):
            yield "Checkpointing SQLite databases for consistent backup"
            self._keep(job, synced, "results", self._pull_results(job.device))
        yield _starting(job.device, self._world)
        self._keep(job, synced, "videos", self._pull_videos(job.device))
        job.synced = synced | {"transfer_details": job.transfers}

    def _keep(self, job: Job, synced: dict[str, Any], tree: str, copied: list[Copied]) -> None:
        now = self._world.now()
        files = {file.name: _transfer(file, at=now) for file in copied}
        synced[tree] = self._tree_block(job.device, tree)
        if files:
            synced[tree]["detailed_files"] = files
        job.transfers[tree] = {
            "files": files,
            "total_files": len(files),
            "total_bytes": sum(file.size_bytes for file in copied),
            "completion_time": now,
        }

    def _tree_block(self, device: SimulatedDevice, tree: str) -> dict[str, Any]:
        totals = self._totals(device, tree)
        return {
            "local_files": totals.files,
            "directory": str(getattr(self._world.tree, tree)),
            "type": tree,
            "disk_usage_bytes": totals.size_bytes,
            "disk_usage_human": human_size(totals.size_bytes),
        }

    def _totals(self, device: SimulatedDevice, tree: str) -> Totals:
        if not self._world.quirks.global_sizes:
            return _own_totals(device) if tree == "videos" else Totals(len(device.runs), 0)
        return self._world.tree.video_totals if tree == "videos" else self._result_totals()

    def _result_totals(self) -> Totals:
        return self._world.tree.result_totals()

    def _pull_results(self, device: SimulatedDevice) -> list[Copied]:
        pulled = (
            self._world.copy_run(run)
            for run in _sqlite_runs(device)
            if not run.held_back and not run.purged
        )
        try:
            return [copied for copied in pulled if copied]
        except OSError as error:
            raise JobFailed from error

    def _pull_videos(self, device: SimulatedDevice) -> list[Copied]:
        try:
            return [
                copied
                for recording in device.recordings
                for copied in self._world.tree.pull_recording(recording)
            ]
        except OSError as error:
            raise JobFailed from error


def _sqlite_runs(device: SimulatedDevice) -> list[Any]:
    return [run for run in device.runs if run.writer is ResultWriter.SQLITE]


def _starting(device: SimulatedDevice, world: World) -> str:
    source = f"ethoscope@{device.address}:/ethoscope_data/videos/"
    return f"Starting videos rsync from {source} to {world.tree.videos}"


def _own_totals(device: SimulatedDevice) -> Totals:
    sizes = [
        recording.chunk(index).size_bytes
        for recording in device.recordings
        for index in range(1, recording.held_chunks + 1)
    ]
    return Totals(len(sizes), sum(sizes))


def _transfer(file: Copied, *, at: float) -> dict[str, Any]:
    return {
        "path": file.path,
        "relative_path": file.path,
        "size_bytes": file.size_bytes,
        "transfer_start": at - 1.5,
        "status": "completed",
        "size_human": human_size(file.size_bytes),
        "transfer_speed": _SPEED,
        "transfer_end": at,
    }


def _block(job: Job) -> dict[str, Any]:
    block = {
        "name": job.name,
        "status": job.first_status,
        "started": job.started,
        "ended": job.ended,
        "processing": job.processing,
        "count": job.count,
        "synced": job.synced,
        "progress": job.progress(),
        "metadata": {},
    }
    return block | ({"transfer_details": job.transfers} if job.transfers else {})


def _summary(synced: list[dict[str, Any]]) -> dict[str, Any]:
    """The shared tree's totals, added up once for each device: as the real one counts."""
    parts = {
        tree: (
            sum(block[tree]["local_files"] for block in synced if tree in block),
            sum(block[tree]["disk_usage_bytes"] for block in synced if tree in block),
        )
        for tree in _TREES
    }
    parts["combined"] = (
        sum(files for files, _ in parts.values()),
        sum(size for _, size in parts.values()),
    )
    return {
        name: {
            "total_files": files,
            "total_size_bytes": size,
            "total_size_human": human_size(size),
        }
        for name, (files, size) in parts.items()
    }
