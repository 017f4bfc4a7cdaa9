"""The threads in which calls of Tango are made."""

import threading
import time
from collections.abc import Iterator

import pytest

pytest.importorskip("tango")

from ophyd_decl.connectors.tango import workers as module
from ophyd_decl.connectors.tango.workers import Workers

IDLE_S = 0.4
#: How long a job may take to be done, in s.
SOON_S = 20.0


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workers]:
    """Threads that end sooner than others."""
    monkeypatch.setattr(module, "IDLE_S", IDLE_S)
    made = Workers()
    yield made
    made.close(SOON_S)


def busy(workers: Workers, count: int) -> list[threading.Thread]:
    """Have so many threads do something at the same time, and return them when they have done it."""
    threads: list[threading.Thread] = []
    together = threading.Barrier(count + 1)

    def job() -> None:
        threads.append(threading.current_thread())
        together.wait(SOON_S)

    for _ in range(count):
        workers.submit(job)
    together.wait(SOON_S)
    return threads


def test_a_thread_that_is_not_needed_ends_though_there_is_always_something_to_do(workers: Workers) -> None:
    threads = busy(workers, 2)
    deadline = time.monotonic() + 10 * IDLE_S
    while sum(thread.is_alive() for thread in threads) > 1 and time.monotonic() < deadline:
        done = threading.Event()
        workers.submit(done.set)
        assert done.wait(SOON_S)
        time.sleep(IDLE_S / 4)  # as pings come, more often than a thread waits
    assert sum(thread.is_alive() for thread in threads) <= 1


def test_a_job_waits_for_no_other(workers: Workers) -> None:
    assert len(set(busy(workers, 3))) == 3
    assert len(set(busy(workers, 5))) == 5


def test_all_threads_end_that_have_nothing_to_do(workers: Workers) -> None:
    for thread in busy(workers, 3):
        thread.join(SOON_S)
        assert not thread.is_alive()


def test_nothing_is_done_after_the_end(workers: Workers) -> None:
    threads = busy(workers, 2)
    workers.close(SOON_S)
    assert not any(thread.is_alive() for thread in threads)
    done = threading.Event()
    workers.submit(done.set)
    assert not done.wait(IDLE_S)
