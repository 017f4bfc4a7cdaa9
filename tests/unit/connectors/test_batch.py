"""One future and one timer for many requests."""

import asyncio
import time

import pytest

from ophyd_decl.connectors.batch import Batch, Cleanup, Part


class Texts(Batch[str]):
    """Its outcomes are texts."""

    def late(self, index: int) -> str:
        return f"late {index}"


class Arrived(Part):
    """Something that has arrived, and waits to be settled."""

    def __init__(self, batch: Texts) -> None:
        self.batch = batch

    def finish(self) -> None:
        self.batch.settle(1, "arrived")

    def forget(self) -> None:
        pass


async def test_outcomes_in_order() -> None:
    batch = Texts([time.monotonic() + 5] * 3)
    for index in (2, 0, 1):
        batch.settle(index, f"outcome {index}")
    batch.settle(0, "too late")
    assert await batch.wait() == ["outcome 0", "outcome 1", "outcome 2"]


async def test_each_request_has_its_own_deadline() -> None:
    now = time.monotonic()
    batch = Texts([now + 0.02, now + 5, now + 0.04])
    asyncio.get_running_loop().call_later(0.06, batch.settle, 1, "there")
    assert await batch.wait() == ["late 0", "there", "late 2"]
    assert 0.05 < time.monotonic() - now < 1


async def test_what_has_arrived_is_collected_before_the_deadline_counts() -> None:
    batch = Texts([time.monotonic() + 0.02] * 2)
    batch.parts.append(Arrived(batch))
    assert await batch.wait() == ["late 0", "arrived"]


async def test_a_deadline_that_has_passed() -> None:
    assert await Texts([time.monotonic() - 1]).wait() == ["late 0"]


async def test_cancelling_cleans_up() -> None:
    cleaned: list[bool] = []
    batch = Texts([time.monotonic() + 5])
    batch.parts.append(Cleanup(lambda: cleaned.append(True)))
    task = asyncio.create_task(batch.wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned == [True]
    assert not batch.pending(0)
    batch.settle(0, "nobody waits")
