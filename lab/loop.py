"""One thread with one event loop: everything in a lab happens there, so nothing needs a lock."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """Start, run coroutines in it from any other thread, stop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lab", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def do(self, action: Callable[[], T]) -> T:
        """Call something in the lab's thread."""

        async def act() -> T:
            return action()

        return self.run(act())

    def begin(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Let something run there until it ends or the thread stops."""
        asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def stop(self) -> None:
        """End the thread; what is still running there is cancelled first."""
        self.run(_cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def every(seconds: float, act: Callable[[], Awaitable[None]]) -> None:
    """Do something again and again until cancelled."""
    while True:
        await asyncio.sleep(seconds)
        await act()
