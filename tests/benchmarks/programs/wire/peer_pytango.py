"""pytango, as one uses it by hand who knows it well: one call for each device, in threads where there are several."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import tango
from peer import Peer


class PytangoPeer(Peer):
    def __init__(self, protocol: str, names: list[str]) -> None:
        super().__init__(protocol, names)
        self._attributes: dict[str, list[str]] = {}
        for name in names:
            device, _, attribute = name.partition("#")[0].rpartition("/")
            self._attributes.setdefault(f"tango://{device}#dbase=no", []).append(attribute)
        self._proxies: dict[str, Any] = {}
        self._threads = ThreadPoolExecutor(
            len(self._attributes), initializer=lambda: tango.EnsureOmniThread().__enter__()
        )

    async def _of_each(self, call: Callable[[str, list[str]], Any]) -> list[Any]:
        """Call for each device, all at the same time."""
        run = asyncio.get_running_loop().run_in_executor
        calls = [run(self._threads, call, device, names) for device, names in self._attributes.items()]
        return [one for answer in await asyncio.gather(*calls) for one in answer]

    async def connect(self, timeout_s: float) -> int:
        def describe(device: str, names: list[str]) -> Any:
            proxy = self._proxies[device] = tango.DeviceProxy(device)
            proxy.set_source(tango.DevSource.DEV)
            return proxy.get_attribute_config_ex(names)

        return sum(info.unit == "mm" for info in await self._of_each(describe))

    async def read_all(self) -> list[float]:
        readings = await self._of_each(lambda device, names: self._proxies[device].read_attributes(names))
        return [reading.value for reading in readings]

    async def read_one(self) -> float:
        (device, names), *_ = self._attributes.items()
        return self._proxies[device].read_attribute(names[0]).value

    async def put_one(self, value: float) -> None:
        (device, names), *_ = self._attributes.items()
        self._proxies[device].write_attribute(names[0], value)

    async def put_all(self, value: float) -> None:
        await self._of_each(
            lambda device, names: self._proxies[device].write_attributes([(name, value) for name in names]) or []
        )

    def monitor(self, callback: Callable[[str, float], None]) -> None:
        def subscribe(device: str, attribute: str) -> None:
            def take(event: Any) -> None:
                callback(f"{device}/{attribute}", event.attr_value.value)

            self._proxies[device].subscribe_event(attribute, tango.EventType.CHANGE_EVENT, take)

        for device, names in self._attributes.items():
            for name in names:
                subscribe(device, name)

    async def read_others(self, timeout_s: float) -> list[float]:
        raise NotImplementedError("a device says at once what it does not have")
