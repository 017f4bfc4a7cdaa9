"""One future and one timer for many requests."""

import asyncio
import time

import pytest

from ophyd_decl.connectors.batch import Batch


async def test_outcomes_in_order() -> None:
    batch: Batch[str] = Batch([time.monotonic() + 5] * 3, lambda index: "late")
    for index in (2, 0, 1):
        batch.settle(index, f"outcome {index}")
    batch.settle(0, "too late")
    assert await batch.wait() == ["outcome 0", "outcome 1", "outcome 2"]


async def test_each_request_has_its_own_deadline() -> None:
    now = time.monotonic()
    batch: Batch[str] = Batch([now + 0.02, now + 5, now + 0.04], lambda index: f"late {index}")
    asyncio.get_running_loop().call_later(0.06, batch.settle, 1, "there")
    assert await batch.wait() == ["late 0", "there", "late 2"]
    assert 0.05 < time.monotonic() - now < 1


async def test_what_has_arrived_is_collected_before_the_deadline_counts() -> None:
    batch: Batch[str] = Batch([time.monotonic() + 0.02] * 2, lambda index: "late")
    batch.collectors.append(lambda: batch.settle(1, "arrived"))
    assert await batch.wait() == ["late", "arrived"]


async def test_a_deadline_that_has_passed() -> None:
    batch: Batch[str] = Batch([time.monotonic() - 1], lambda index: "late")
    assert await batch.wait() == ["late"]


async def test_cancelling_cleans_up() -> None:
    cleaned: list[bool] = []
    batch: Batch[str] = Batch([time.monotonic() + 5], lambda index: "late")
    batch.cleanups.append(lambda: cleaned.append(True))
    task = asyncio.create_task(batch.wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned == [True]
    assert not batch.pending(0)
    batch.settle(0, "nobody waits")
