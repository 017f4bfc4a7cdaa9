"""What moves: progress, stop, time-outs, checks. The readback is a value that the scenario changes."""

import asyncio
from typing import Any

from facts import kind, raised, scenario, until


def watch(status: Any) -> list[Any]:
    updates: list[Any] = []

    def take(**update: Any) -> None:
        updates.append([update[key] for key in ("name", "current", "initial", "target", "unit", "precision")])

    status.watch(take)
    return updates


async def moving(lib: Any, d: Any, target: float) -> Any:
    """Return a status of a move that is under way."""
    status = d.m.set(target)
    await until_put(d, target)
    return status


async def until_put(d: Any, target: float) -> None:
    async with asyncio.timeout(20):
        while await d.m.setpoint.get_value() != target:  # noqa: ASYNC110  # somebody else sets it
            await asyncio.sleep(0.001)


@scenario
async def a_move_with_watchers(lib: Any) -> Any:
    async with lib.devices() as d:
        status = await moving(lib, d, 2.0)
        updates = watch(status)
        await until(lambda: updates)
        for position in (0.5, 1.5, 2.0):
            lib.outside(d.m.readback, position)
            await until(lambda: updates[-1][1] == position)  # noqa: B023
        await status
        positions = list(dict.fromkeys(update[1] for update in updates))
        return {
            "positions": positions,
            "last": updates[-1],
            "done": [status.done, status.success],
            "locate": await d.m.locate(),
        }


@scenario
async def a_move_that_is_stopped(lib: Any) -> Any:
    async with lib.devices() as d:
        found: dict[str, Any] = {}
        for success in (True, False):
            status = await moving(lib, d, 2.0 + success)
            await d.m.stop(success=success)
            found[f"success={success}"] = await raised(status)
            found[f"status after success={success}"] = [status.done, status.success]
            await d.m.setpoint.set(0.0)
        found["at rest"] = await raised(d.m.stop())
        return found


@scenario
async def a_move_that_takes_too_long(lib: Any) -> Any:
    async with lib.devices() as d:
        lib.outside(d.m.readback, 0.25)
        status = d.m.set(5.0, timeout=1.0)
        error = None
        try:
            await status
        except Exception as caught:  # noqa: BLE001  # it is the answer
            error = caught
        text = str(error)
        return {
            "kind": kind(error),
            "tells where it is": "0.25" in text,
            "tells where it should be": "5.0" in text,
            "names the device": "m" in text.replace(":", " ").split() or "m-readback" in text or "m (" in text,
        }


@scenario
async def a_set_while_another_set_moves_it(lib: Any) -> Any:
    async with lib.devices() as d:
        first = await moving(lib, d, 2.0)
        second = d.m.set(3.0)
        await asyncio.sleep(0.1)
        setpoint = await d.m.setpoint.get_value()
        second_failed = kind(second.exception()) if second.done else "goes on"
        lib.outside(d.m.readback, setpoint)
        ended = await asyncio.gather(*(wait_a_second(one) for one in (first, second)))
        return {"second": second_failed, "setpoint": setpoint, "both ended": ended}


async def wait_a_second(status: Any) -> bool:
    try:
        await asyncio.wait_for(asyncio.shield(status.task), 1.0)
    except TimeoutError:
        status.task.cancel()
        await asyncio.wait([status.task])
        return False
    except Exception:  # noqa: BLE001  # how it ended is another fact
        return True
    return True


@scenario
async def a_target_outside_the_limits(lib: Any) -> Any:
    async with lib.devices() as d:
        return {
            "check_value inside": await raised(d.m.check_value(5.0)),
            "check_value outside": await raised(d.m.check_value(11.0)) is not None,
            "set outside": await raised(d.m.set(11.0)) is not None,
            "nothing was put": await d.m.setpoint.get_value(),
        }


@scenario
async def a_readback_that_ends_near_the_target(lib: Any) -> Any:
    async with lib.devices() as d:
        status = d.m.set(2.0, timeout=1.5)
        await until_put(d, 2.0)
        lib.outside(d.m.readback, 2.0000004)
        return {"within a step of its precision": await raised(status)}


@scenario
async def a_move_whose_status_is_cancelled(lib: Any) -> Any:
    async with lib.devices() as d:
        status = await moving(lib, d, 2.0)
        waiting = asyncio.ensure_future(status)
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        await until(lambda: status.done)
        return {"status": kind(status.exception())}


@scenario
async def subscribing_to_a_movable(lib: Any) -> Any:
    async with lib.devices() as d:
        seen: list[Any] = []

        def take(readings: Any) -> None:
            seen.append({name: reading["value"] for name, reading in readings.items()})

        d.m.subscribe(take)
        await until(lambda: seen)
        lib.outside(d.m.readback, 1.5)
        await until(lambda: len(seen) > 1)
        d.m.clear_sub(take)
        return seen
