"""Signals, commands and statuses."""

import asyncio
import contextlib
from typing import Any

from bluesky import protocols
from facts import kind, raised, scenario, until, values

PROTOCOLS = (
    "Readable", "Configurable", "Movable", "Locatable", "Stageable", "Subscribable", "Stoppable", "Triggerable",
    "Checkable", "HasName", "HasParent", "HasHints", "Pausable", "Flyable", "Preparable", "Collectable",
)  # fmt: skip


def protocols_of(one: Any) -> list[str]:
    return [name for name in PROTOCOLS if isinstance(one, getattr(protocols, name))]


@scenario
async def protocols_of_nodes(lib: Any) -> Any:
    async with lib.devices(mock=True) as d:
        return {
            "signal": protocols_of(d.det.value),
            "read-only signal": protocols_of(d.shutter.seen),
            "write-only signal": protocols_of(d.shutter.told),
            "derived read-only": protocols_of(d.lens.sum),
            "derived": protocols_of(d.lens.half),
            "command": protocols_of(d.shutter.go),
            "readable": protocols_of(d.det),
            "movable": protocols_of(d.m),
            "vector": protocols_of(d.axes.axis),
        }


@scenario
async def a_signal(lib: Any) -> Any:
    async with lib.devices() as d:
        signal = d.det.value
        read = await signal.read()
        status = signal.set(2.5)
        pending = status.done
        await status
        return {
            "read": values(read),
            "keys of a reading": sorted(read["det-value"]),
            "severity": read["det-value"]["alarm_severity"],
            "a set is done at once": pending,
            "value": await signal.get_value(),
            "locate": await signal.locate(),
            "source": signal.source,
            "awaitable": asyncio.iscoroutine(coroutine := signal.read()) and coroutine.close() is None,
        }


@scenario
async def data_keys_of_every_kind(lib: Any) -> Any:
    async with lib.devices() as d:
        return await d.kinds.describe()


@scenario
async def values_of_every_kind(lib: Any) -> Any:
    async with lib.devices() as d:
        found = values(await d.kinds.read())
        await asyncio.gather(
            d.kinds.a_int.set(8), d.kinds.a_choice.set("Two"), d.kinds.floats.set([2.0, 3.0, 4.0]),
            d.kinds.texts.set(["x"]),
        )  # fmt: skip
        after = values(await d.kinds.read())
        shapes = {name: key["shape"] for name, key in (await d.kinds.describe()).items()}
        return {"before": found, "after": after, "shapes after": shapes}


@scenario
async def values_that_do_not_fit(lib: Any) -> Any:
    async with lib.devices() as d:
        return {
            "text for a number": await raised(d.kinds.a_float.set("nonsense")),
            "a fraction for an integer": await raised(d.kinds.a_int.set(1.7)),
            "the word False for a truth value": await raised(d.kinds.a_bool.set("False")),
            "an unknown label": await raised(d.kinds.a_choice.set("Three")),
            "columns of two lengths": await raised(lambda: d.kinds.table.set({"step": [1], "size": [1.0, 2.0]})),
        }


@scenario
async def caching(lib: Any) -> Any:
    async with lib.devices() as d:
        signal = d.det.value
        found: dict[str, Any] = {"cached without a monitor": await raised(signal.get_value(cached=True))}
        await signal.stage()
        lib.outside(signal, 4.0)
        await asyncio.sleep(0.05)
        found["cached while staged"] = await signal.get_value(cached=True)
        found["fresh while staged"] = await signal.get_value(cached=False)
        await signal.unstage()
        found["cached after unstage"] = await raised(signal.get_value(cached=True))
        await signal.stage()
        seen: list[Any] = []
        signal.subscribe_reading(seen.append)
        await signal.unstage()
        await until(lambda: seen)
        found["cached by a subscriber"] = await signal.get_value(cached=True)
        signal.clear_sub(seen.append)
        found["cached after clear_sub"] = await raised(signal.get_value(cached=True))
        return found


@scenario
async def subscribing(lib: Any) -> Any:
    async with lib.devices() as d:
        first: list[Any] = []
        second: list[Any] = []
        take_first = lambda readings: first.append(values(readings))  # noqa: E731
        take_second = lambda readings: second.append(values(readings))  # noqa: E731
        d.det.value.subscribe_reading(take_first)
        await until(lambda: first)
        d.det.value.subscribe_reading(take_second)
        await until(lambda: second)
        lib.outside(d.det.value, 7.0)
        await until(lambda: len(first) > 1 and len(second) > 1)
        d.det.value.clear_sub(take_first)
        lib.outside(d.det.value, 8.0)
        await until(lambda: len(second) > 2)
        d.det.value.clear_sub(take_second)
        lib.outside(d.det.value, 9.0)
        await asyncio.sleep(0.05)
        return {
            "first": first,
            "second": second,
            "unknown": await raised(lambda: d.det.value.clear_sub(take_first)),
        }


@scenario
async def derived_signals(lib: Any) -> Any:
    async with lib.devices() as d:
        found = {"read": values(await d.lens.read()), "half": await d.lens.half.get_value()}
        before = await d.lens.a.read()
        found["timestamp is the newest"] = (await d.lens.sum.read())["lens-sum"]["timestamp"] == max(
            before["lens-a"]["timestamp"], (await d.lens.b.read())["lens-b"]["timestamp"]
        )
        await d.lens.half.set(4.0)
        found["input after a set"] = await d.lens.a.get_value()
        found["sum after a set"] = await d.lens.sum.get_value()
        found["locate"] = await d.lens.half.locate()
        found["data key"] = (await d.lens.sum.describe())["lens-sum"]
        seen: list[float] = []
        take = lambda readings: seen.append(readings["lens-sum"]["value"])  # noqa: E731
        d.lens.sum.subscribe_reading(take)
        await until(lambda: seen)
        lib.outside(d.lens.b, 10.0)
        await until(lambda: seen[-1] == 18.0)
        d.lens.sum.clear_sub(take)
        found["updates begin and end with"] = [seen[0], seen[-1]]
        return found


@scenario
async def statuses(lib: Any) -> Any:
    async with lib.devices() as d:
        told: list[str] = []
        go_on = asyncio.Event()

        async def work() -> int:
            await go_on.wait()
            return 42

        status = lib.status(d.det, work)
        status.add_callback(lambda one: told.append("early"))
        found: dict[str, Any] = {"pending": [status.done, status.success], "protocol": protocols_of_status(status)}
        go_on.set()
        found["awaited"] = await status
        await asyncio.sleep(0)
        status.add_callback(lambda one: told.append("late"))
        found["done"] = [status.done, status.success, status.exception(), status.result(), told]
        found["repr"] = repr(status).startswith("<AsyncStatus, device: det, task: ") and repr(status).endswith(
            ", done>"
        )

        async def fail() -> None:
            raise ValueError("mine")

        status = lib.status(d.det, fail)
        found["a failure is raised where it is awaited"] = await raised(status)
        found["failed"] = [status.done, status.success, kind(status.exception())]

        async def wait() -> None:
            await asyncio.Event().wait()

        async with lib.status(d.det, wait) as status:
            found["inside the block"] = status.done
        found["behind the block"] = [status.done, status.success, kind(status.exception())]
        status = lib.status(d.det, wait)
        waiting = asyncio.ensure_future(status)
        await asyncio.sleep(0)
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(0)
        found["cancelling who awaits it cancels it"] = kind(status.exception()) if status.done else "goes on"
        return found


def protocols_of_status(status: Any) -> bool:
    return isinstance(status, protocols.Status)


@scenario
async def watched_statuses(lib: Any) -> Any:
    async with lib.devices() as d:
        go_on, first = asyncio.Event(), asyncio.Event()

        async def updates() -> Any:
            yield lib.core.WatcherUpdate(1.0, 0.0, 4.0, "det", "mm", 3)
            first.set()
            await go_on.wait()
            yield lib.core.WatcherUpdate(4.0, 0.0, 4.0, "det", "mm", 3)

        status = lib.watchable(d.det, updates)
        early: list[Any] = []
        late: list[Any] = []

        def watch(into: list[Any]) -> Any:
            def take(**update: Any) -> None:
                update["time_elapsed"] = update["time_elapsed"] is not None and update["time_elapsed"] >= 0
                into.append({key: value for key, value in update.items() if value is not None})

            return take

        status.watch(watch(early))
        await first.wait()
        status.watch(watch(late))
        go_on.set()
        await status
        return {"early": early, "late": late}


@scenario
async def commands(lib: Any) -> Any:
    async with lib.devices(mock=True) as d:
        mock = lib.core.get_mock_execute(d.shutter.go)
        await d.shutter.go.trigger()
        once = mock.call_count
        await d.shutter.go.execute()
        return {
            "triggered": once,
            "executed": mock.call_count,
            "arguments": [len(call.args) for call in mock.call_args_list],
            "name": d.shutter.go.name,
            "source": d.shutter.go.source,
        }


@scenario
async def timeouts_of_a_put(lib: Any) -> Any:
    async with lib.devices(mock=True) as d:
        lib.core.set_mock_put_proceeds(d.det.value, False)
        error = None
        try:
            await d.det.value.set(1.0, timeout=0.05)
        except Exception as caught:  # noqa: BLE001  # it is the answer
            error = caught
        return {"kind": kind(error), "names its source": "soft://det-value" in str(error)}
