"""The connector of soft and mock signals: same rules, same errors, no server.

Beside the contract of `protocol.Connector` it lets a caller play the other side: set a value from outside, be told of
puts, hold their completion, refuse them, break the connection. The helpers of mock mode are built on these.
"""

import asyncio
import inspect
import logging
import time
from collections.abc import Callable
from typing import Any, cast

from ...errors import BadValueError, PutRefusedError, SignalError
from ...vocab.datatypes import Datatype, NativeType
from ...vocab.readings import Limits
from ..batch import Cleanup
from ..batches import PutBatch, ReadBatch
from ..link import Link, Served
from ..linked_channel import LinkedChannel
from ..linked_connector import LinkedConnector
from ..protocol import Channel, Check, Use
from ..values import WireTraits, local_conversion, native_of, zero_value
from .channel import SoftChannel
from .link import PutHook, SoftLink

_log = logging.getLogger("ophyd_decl.connectors.soft")


class SoftConnector(LinkedConnector):
    """Values in this process.

    :param protocol: the scheme of its sources: `soft`, or `mock+ca` where it stands in for another connector.
    :param strict: only what `serve` was called for is there; else every address is, once for each dtype that channels
        declare for it.
    """

    def __init__(self, protocol: str = "soft", *, strict: bool = False) -> None:
        super().__init__(protocol, _log)
        self._strict = strict
        self._tasks: set[asyncio.Future[Any]] = set()
        #: addresses that `serve` was called for.
        self._served: set[str] = set()

    # The side of the server.

    def serve(self, address: str, native: NativeType, raw: Any, **facts: Any) -> None:
        """Serve a raw value of a native type from now on; a connection to the address breaks and comes back.

        :param facts: further fields of `Served`: `units`, `precision`, `limits`, `traits`, `readable`, `writable`.
        """
        served = Served(native, **facts)
        self._served.add(address)
        link = self._links.get(address)
        if link is None:
            self._links[address] = SoftLink(address, address, self.inbox, served, raw)
        else:
            soft = cast(SoftLink, link)
            soft.value = (raw, time.time(), 0, "")
            soft.serve(served)

    def withdraw(self, address: str) -> None:
        """Break the connection to this address; nothing answers until it is served again."""
        cast(SoftLink, self._links[address]).serve(None)

    def set_value(
        self,
        channel: Channel,
        value: Any,
        *,
        timestamp: float | None = None,
        alarm_severity: int = 0,
        message: str = "",
    ) -> None:
        """Set the value as its server would: in the declared dtype, without hooks, whether puts are held or not.

        :raises BadValueError: if it does not fit the dtype.
        """
        soft = cast(SoftChannel, channel)
        try:
            raw = (soft.conversion or local_conversion(soft.datatype)).to_native(value)
        except BadValueError as error:
            raise soft.named(error) from None
        _link(soft).set_raw(raw, timestamp, alarm_severity, message)

    def set_facts(
        self,
        channel: Channel,
        *,
        units: str | None = None,
        precision: int | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Set what a server would say about the value beside its type."""
        facts = {"units": units, "precision": precision, "limits": limits}
        _link(channel).set_facts(**{name: fact for name, fact in facts.items() if fact is not None})

    def on_put(self, channel: Channel, hook: PutHook) -> Callable[[], None]:
        """Call `hook(value, wait)` at each put before it takes effect, once; return a function that ends this.

        What the hook, or its awaitable, returns is taken instead of the value, unless it is None. A `SignalError` that
        it raises is the outcome of the put; any other exception refuses it.
        """
        hooks = _link(channel).hooks
        if hook not in hooks:
            hooks.append(hook)
        return lambda: hooks.remove(hook) if hook in hooks else None

    def hold_puts(self, channel: Channel) -> None:
        """Let the puts that wait take effect, but not complete."""
        link = _link(channel)
        if link.held is None:
            link.held = []

    def proceed_puts(self, channel: Channel) -> None:
        """Let the puts that were held complete, and those that come."""
        link = _link(channel)
        held, link.held = link.held or [], None
        for complete in held:
            complete()

    def refuse_puts(self, channel: Channel, reason: str) -> None:
        """Refuse puts with this text; accept them again if it is empty."""
        _link(channel).refusal = reason

    # The side of the connector.

    def link_key(self, address: str, datatype: Datatype, use: Use) -> object:
        """Return what channels share a value by; one that stands in for a server fits all that is declared of it."""
        del use
        link = self._links.get(address)
        if self._strict or link is None or address in self._served:
            return address
        native = native_of(datatype)
        offered = cast(SoftLink, link).offered
        return address if offered is None or offered.native == native else (address, native)

    def make_link(self, key: object, address: str, datatype: Datatype) -> Link:
        """Return a link to a value that starts with the zero of its dtype."""
        if self._strict:
            return SoftLink(key, address, self.inbox, None, None)
        raw = local_conversion(datatype).to_native(zero_value(datatype))
        return SoftLink(key, address, self.inbox, Served(native_of(datatype), WireTraits()), raw)

    def make_channel(
        self, address: str, datatype: Datatype, check: Check | None, link: Link, use: Use
    ) -> LinkedChannel:
        """Return the object that stands for one use of a value."""
        del use
        return SoftChannel(self._protocol, address, datatype, check, link, self.refusal(address))

    def send_reads(self, batch: ReadBatch, reads: list[tuple[int, LinkedChannel]]) -> None:
        """Read values at once."""
        for index, channel in reads:
            link = _link(channel)
            link.heard()
            batch.settle(index, channel.reading(link.value))

    def send_puts(self, batch: PutBatch, puts: list[tuple[int, LinkedChannel, Any, bool]]) -> None:
        """Take values at once, unless a hook wants time."""
        for index, channel, raw, wait in puts:
            link = _link(channel)
            batch.sent.add(index)
            if link.refusal:
                batch.settle(index, PutRefusedError(link.refusal, source=channel.source))
            elif not link.hooks:
                self._apply(batch, index, channel, raw, wait)
            else:
                task = asyncio.ensure_future(self._ask_hooks(batch, index, channel, raw, wait))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                batch.parts.append(Cleanup(task.cancel))

    async def close(self) -> None:
        """Release everything that this connector opened."""
        for task in list(self._tasks):
            task.cancel()
        await super().close()

    async def _ask_hooks(self, batch: PutBatch, index: int, channel: LinkedChannel, raw: Any, wait: bool) -> None:
        conversion = channel.conversion
        if conversion is None:
            batch.settle(index, channel.unavailable())
            return
        try:
            for hook in list(_link(channel).hooks):
                answer = hook(conversion.to_python(raw), wait)
                if inspect.isawaitable(answer):
                    answer = await answer
                if answer is not None:
                    raw = conversion.to_native(answer)
        except SignalError as error:
            batch.settle(index, cast(Any, channel.named(error)))
        except Exception as error:  # noqa: BLE001  # a hook plays the server, which may fail in any way
            refused = PutRefusedError(f"refused by {error!r}", source=channel.source)
            refused.__cause__ = error
            batch.settle(index, refused)
        else:
            self._apply(batch, index, channel, raw, wait)

    def _apply(self, batch: PutBatch, index: int, channel: LinkedChannel, raw: Any, wait: bool) -> None:
        link = _link(channel)
        link.set_raw(raw)
        if wait and link.held is not None:
            link.held.append(lambda: batch.settle(index, None))
        else:
            batch.settle(index, None)


def _link(channel: Channel) -> SoftLink:
    return cast(SoftLink, cast(LinkedChannel, channel).link)
