"""What a test leaves behind fails it: asyncio tasks, threads, open files and sockets, child processes.

Everything is counted before the test's own fixtures are made and after they are gone; fixtures of a wider scope may
keep what they hold. What is still ending gets a moment. When all tests are done, a process that a test started and
that detached itself from us is found by a mark in its environment.

The libraries of the control systems keep threads and sockets for the life of the process. Those are allowed, each with
its reason, in `client_libraries`; nothing else is.
"""

import asyncio
import asyncio.base_events
import asyncio.runners
import gc
import os
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

# Starts the threads of its linear algebra once and for all, so that no test seems to leave them behind.
import numpy  # noqa: F401
import pytest

from . import client_libraries, processes

_loops: "weakref.WeakSet[asyncio.AbstractEventLoop]" = weakref.WeakSet()
_cancelled: list[str] = []
_originals: list[tuple[Any, str, Any]] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests of this plugin be quick."""
    parser.addini("leak_patience_s", "how long what a test has started may take to end after it", default="2")


def pytest_configure(config: pytest.Config) -> None:
    """Follow every event loop, and mark the processes that are started from here on."""
    os.environ[_mark()] = "1"
    _wrap(asyncio.base_events.BaseEventLoop, "__init__", _loops.add)
    # A runner cancels what its coroutine left behind, after which nothing is to be seen of it.
    _wrap(asyncio.runners, "_cancel_all_tasks", lambda loop: _cancelled.extend(map(repr, asyncio.all_tasks(loop))))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave asyncio as it was."""
    while _originals:
        owner, name, original = _originals.pop()
        setattr(owner, name, original)
    os.environ.pop(_mark(), None)


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a task, thread, file, socket or process behind."""
    _cancelled.clear()
    before = Holdings.now()
    yield
    left = before.left_behind(patience_s(request.config))
    if left:
        pytest.fail("left behind:\n  " + "\n  ".join(left), pytrace=False)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run after which a process goes on that was started in it, and end that process."""
    deadline = time.monotonic() + patience_s(session.config)
    while (found := processes.marked(_mark())) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in found:
        print(f"\nERROR: a process of these tests goes on: {process} {processes.command_of(process)}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What this process holds at a moment."""

    tasks: "weakref.WeakSet[asyncio.Task[Any]]"
    threads: "weakref.WeakSet[threading.Thread]"
    native_threads: dict[int, str]
    descriptors: frozenset[tuple[int, str]]
    children: frozenset[int]

    @classmethod
    def now(cls) -> "Holdings":
        """Return what is held now."""
        threads = threading.enumerate()
        ours = {thread.native_id for thread in threads}
        return cls(
            tasks=weakref.WeakSet(task for loop in list(_loops) for task in asyncio.all_tasks(loop)),
            threads=weakref.WeakSet(threads),
            native_threads={number: name for number, name in processes.threads().items() if number not in ours},
            descriptors=frozenset(processes.descriptors()),
            children=processes.children(),
        )

    def left_behind(self, patience_s: float) -> list[str]:
        """Describe what came since and does not end within a time."""
        found = self._what_came()
        if not found:
            return found
        gc.collect()
        deadline = time.monotonic() + patience_s
        pause_s = 0.002
        while (found := self._what_came()) and not _cancelled and time.monotonic() < deadline:
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, 0.1)
        return found

    def _what_came(self) -> list[str]:
        now = Holdings.now()
        came = [f"task, cancelled by its runner: {task}" for task in _cancelled]
        came += [f"task: {task!r}" for task in now.tasks if task not in self.tasks and not task.done()]
        came += [f"thread: {thread!r}" for thread in now.threads if thread not in self.threads and thread.is_alive()]
        came += client_libraries.other_threads(self.native_threads, now.native_threads)
        opened = {target for _, target in now.descriptors - self.descriptors}
        sockets = {target for target in opened if target.startswith("socket:")}
        came += client_libraries.other_files(opened - sockets)
        if sockets:
            kept = {target for _, target in now.descriptors} - sockets
            came += client_libraries.other_sockets(kept, sockets, now.native_threads)
        came += client_libraries.other_processes(now.children - self.children, now.native_threads)
        return came


def patience_s(config: pytest.Config) -> float:
    """Return how long threads, connections and processes may take to end, in s."""
    return float(config.getini("leak_patience_s"))


def _mark() -> str:
    return f"OPHYD_DECL_TESTS_{os.getpid()}"


def _wrap(owner: Any, name: str, note: Callable[[asyncio.AbstractEventLoop], object]) -> None:
    """Have a function of asyncio note the loop that it is called with."""
    original = getattr(owner, name)

    def wrapper(loop: asyncio.AbstractEventLoop, *arguments: Any, **keywords: Any) -> Any:
        note(loop)
        return original(loop, *arguments, **keywords)

    _originals.append((owner, name, original))
    setattr(owner, name, wrapper)
