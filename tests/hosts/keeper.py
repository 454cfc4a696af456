"""Units that are started again whenever they end, as systemd does with ours."""

import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

AGAIN_AFTER = 1.0  # seconds; RestartSec
TICK = 0.2
END_PATIENCE = 60.0


@dataclass(slots=True, kw_only=True)
class Unit:
    name: str
    words: list[str]
    environment: dict[str, str] | None = None
    folder: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    ended_at: float = 0.0


@dataclass(slots=True)
class Keeper:
    """One thread starts all of them: who is told to die with its parent dies with that thread."""

    logs: Path
    units: dict[str, Unit] = field(default_factory=dict)
    started: Counter[str] = field(default_factory=Counter)
    _end: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def begin(self) -> None:
        self._thread = Thread(target=self._keep, name="keeper", daemon=True)
        self._thread.start()

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def add(self, unit: Unit) -> None:
        self.log_of(unit.name).touch()
        self.units = {**self.units, unit.name: unit}

    def pids(self) -> dict[str, int]:
        alive = [(unit.name, unit.process) for unit in self.units.values()]
        return {name: process.pid for name, process in alive if process is not None}

    def stop(self) -> None:
        """All, the last one first."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def _keep(self) -> None:
        while not self._end.is_set():
            for unit in self.units.values():
                self._look_after(unit)
            time.sleep(TICK)
        for unit in reversed(self.units.values()):
            self._stop(unit)

    def _look_after(self, unit: Unit) -> None:
        now = time.monotonic()
        if unit.process is not None and unit.process.poll() is not None:
            unit.process, unit.ended_at = None, now
        if unit.process is None and now - unit.ended_at >= AGAIN_AFTER:
            with self.log_of(unit.name).open("ab") as log:
                unit.process = subprocess.Popen(
                    unit.words,
                    env=unit.environment,
                    cwd=unit.folder,
                    stdout=log,
                    stderr=log,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )
            self.started[unit.name] += 1

    def _stop(self, unit: Unit) -> None:
        if unit.process is None:
            return
        unit.process.terminate()
        try:
            unit.process.wait(timeout=END_PATIENCE)
        except subprocess.TimeoutExpired:
            unit.process.kill()
            unit.process.wait()
