"""aioca, as somebody uses it who has no devices."""

import asyncio
from collections.abc import Callable
from typing import Any

from aioca import FORMAT_CTRL, FORMAT_TIME, caget, camonitor, caput
from peer import Peer


class AiocaPeer(Peer):
    """Lists are given to the library as lists."""

    async def connect(self, timeout_s: float) -> int:
        described = await caget(self.names, format=FORMAT_CTRL, timeout=timeout_s)
        return sum(one.units == "mm" for one in described)

    async def read_all(self) -> list[float]:
        return [float(value) for value in await caget(self.names, format=FORMAT_TIME)]

    async def read_one(self) -> float:
        return float(await caget(self.names[0], format=FORMAT_TIME))

    async def put_one(self, value: float) -> None:
        await caput(self.names[0], value, wait=True)

    async def put_all(self, value: float) -> None:
        await caput(self.names, [value] * len(self.names), wait=True)

    def monitor(self, callback: Callable[[str, float], None]) -> None:
        def take(update: Any) -> None:
            callback(update.name, float(update))

        camonitor(self.names, lambda update, _: take(update), format=FORMAT_TIME, all_updates=True)

    async def read_others(self, timeout_s: float) -> list[float]:
        gets = [asyncio.ensure_future(caget(name, format=FORMAT_TIME, timeout=timeout_s)) for name in self.names]
        values = [float(value) for value in await asyncio.gather(*gets[:-1])]
        gets[-1].cancel()
        return values
