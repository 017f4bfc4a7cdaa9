"""Helpers that observe and wait."""

import asyncio
from contextlib import aclosing
from typing import Any

from facts import kind, raised, scenario


async def each(values: Any, do: Any = lambda value: None) -> list[Any]:
    seen: list[Any] = []
    async with aclosing(values):
        async for value in values:
            seen.append(value)
            if do(value):
                break
    return seen


@scenario
async def observing_a_value(lib: Any) -> Any:
    async with lib.devices() as d:
        steps = iter((1.0, 1.0, 3.0))

        def change(value: float) -> bool:
            if value == 3.0:
                return True
            lib.outside(d.det.value, next(steps))
            return False

        return {"values": await each(lib.core.observe_value(d.det.value), change)}


@scenario
async def observing_several(lib: Any) -> Any:
    async with lib.devices() as d:

        def change(pair: Any) -> bool:
            signal, value = pair
            if signal is d.det.raw and value == 3:
                lib.outside(d.det.value, 8.0)
            return value == 8.0

        seen = await each(lib.core.observe_signals_value(d.det.value, d.det.raw), change)
        return [[signal.name, value] for signal, value in seen]


@scenario
async def times_of_observing(lib: Any) -> Any:
    async with lib.devices() as d:
        errors: dict[str, Any] = {}
        for name, how in {"timeout": {"timeout": 0.1}, "done_timeout": {"done_timeout": 0.1}}.items():
            try:
                await each(lib.core.observe_value(d.det.value, **how))
            except Exception as error:  # noqa: BLE001  # it is the answer
                text = str(error)
                errors[name] = {
                    "kind": kind(error),
                    "names the signal": "det-value" in text or "det.value" in text,
                    "tells the last value": "1.5" in text,
                }
        return errors


@scenario
async def a_status_that_ends_observing(lib: Any) -> Any:
    async with lib.devices() as d:

        async def well() -> None:
            await asyncio.sleep(0.05)

        async def badly() -> None:
            await asyncio.sleep(0.05)
            raise ValueError("mine")

        values = await each(lib.core.observe_value(d.det.value, done_status=lib.status(d.det, well)))
        failed = await raised(each(lib.core.observe_value(d.det.value, done_status=lib.status(d.det, badly))))
        return {"values": values, "failed": failed}


@scenario
async def what_observing_leaves_behind(lib: Any) -> Any:
    async with lib.devices() as d:
        before = len(asyncio.all_tasks())
        found: dict[str, Any] = {}

        async def look(name: str) -> None:
            for _ in range(10):
                await asyncio.sleep(0)
            cached = await raised(d.det.value.get_value(cached=True))
            found[name] = {"monitor": cached is None, "tasks": len(asyncio.all_tasks()) - before}

        async for _ in lib.core.observe_value(d.det.value):
            break
        await look("break")
        task = asyncio.ensure_future(each(lib.core.observe_value(d.det.value)))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait([task])
        await look("cancel")
        await raised(each(lib.core.observe_value(d.det.value, timeout=0.05)))
        await look("timeout")
        return found


@scenario
async def waiting_for_a_value(lib: Any) -> Any:
    async with lib.devices() as d:
        await lib.core.wait_for_value(d.det.value, 1.5, timeout=1)
        waiting = asyncio.ensure_future(lib.core.wait_for_value(d.det.value, lambda value: value > 4, timeout=20))
        await asyncio.sleep(0.05)
        lib.outside(d.det.value, 4.5)
        await waiting
        error = None
        try:
            await lib.core.wait_for_value(d.det.value, 7.0, timeout=0.1)
        except Exception as caught:  # noqa: BLE001  # it is the answer
            error = caught
        return {
            "kind": kind(error),
            "tells what was wanted": "7.0" in str(error),
            "tells the last value": "4.5" in str(error),
        }


@scenario
async def setting_and_waiting(lib: Any) -> Any:
    async with lib.devices(mock=True) as d:
        found: dict[str, Any] = {}
        status = await lib.core.set_and_wait_for_value(d.det.value, 3.0)
        found["the same"] = [status.done, status.success, await d.det.value.get_value()]
        status = await lib.core.set_and_wait_for_value(d.det.value, 4.0, match_value=lambda value: value > 3.5)
        found["a function"] = status.success
        lib.core.callback_on_mock_put(d.det.gain, lambda value: lib.core.set_mock_value(d.det.raw, 5))
        lib.core.set_mock_put_proceeds(d.det.gain, False)
        to_five = d.det.gain, 1.0, d.det.raw, 5
        status = await lib.core.set_and_wait_for_other_value(*to_five, wait_for_set_completion=False)
        found["another, before the set is complete"] = status.done
        lib.core.set_mock_put_proceeds(d.det.gain, True)
        await status
        status = await lib.core.set_and_wait_for_other_value(*to_five)
        found["another, when both are"] = status.done
        error = None
        try:
            await lib.core.set_and_wait_for_other_value(d.det.gain, 1.0, d.det.raw, 6, timeout=0.1)
        except Exception as caught:  # noqa: BLE001  # it is the answer
            error = caught
        found["too late"] = [kind(error), "raw" in str(error), "last value 5" in str(error) or "found 5" in str(error)]

        def refuse(value: float) -> None:
            raise RuntimeError("no")

        lib.core.callback_on_mock_put(d.det.gain, refuse)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await raised(
            lib.core.set_and_wait_for_other_value(
                d.det.gain, 1.0, d.det.raw, 6, timeout=5, wait_for_set_completion=False
            )
        )
        found["a set that fails is noticed before the time is over"] = loop.time() - begun < 4
        return found
