"""p4p with asyncio, as somebody uses it who has no devices."""

import asyncio
from collections.abc import Callable
from typing import Any

from p4p.client.asyncio import Context
from peer import Peer

READING = "field(value,alarm,timeStamp)"


class P4pPeer(Peer):
    """Lists are given to the library as lists; values are taken out of the structures, not wrapped."""

    def __init__(self, protocol: str, names: list[str]) -> None:
        super().__init__(protocol, names)
        self._made: Context | None = None
        self._subscriptions: list[Any] = []

    @property
    def _context(self) -> Context:
        if self._made is None:
            self._made = Context("pva", nt=False)
        return self._made

    async def connect(self, timeout_s: float) -> int:
        described = await asyncio.wait_for(self._context.get(self.names), timeout_s)
        return sum(one["display.units"] == "mm" for one in described)

    async def read_all(self) -> list[float]:
        answers = await self._context.get(self.names, request=[READING] * len(self.names))
        return [answer["value"] for answer in answers]

    async def read_one(self) -> float:
        return (await self._context.get(self.names[0], request=READING))["value"]

    async def put_one(self, value: float) -> None:
        await self._context.put(self.names[0], {"value": value}, wait=True)

    async def put_all(self, value: float) -> None:
        # A list of structures is one value to it.
        await asyncio.gather(*[self._context.put(name, {"value": value}, wait=True) for name in self.names])

    def monitor(self, callback: Callable[[str, float], None]) -> None:
        def taker(name: str) -> Callable[[Any], Any]:
            async def take(update: Any) -> None:
                callback(name, update["value"])

            return take

        self._subscriptions = [self._context.monitor(name, taker(name), request=READING) for name in self.names]

    async def read_others(self, timeout_s: float) -> list[float]:
        gets = [asyncio.ensure_future(self._context.get(name, request=READING)) for name in self.names]
        answers = await asyncio.wait_for(asyncio.gather(*gets[:-1]), timeout_s)
        gets[-1].cancel()
        return [answer["value"] for answer in answers]
