"""What the connectors of all protocols have in common: bulk requests over links, one outcome each.

A subclass says how an address becomes a link, and how reads and puts of connected channels are sent. It must not raise
from there: what goes wrong is an outcome.
"""

import asyncio
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from types import CoroutineType
from typing import Any, cast

from ..collecting import without_collecting
from ..errors import (
    BadValueError,
    SignalError,
    WrongLoopError,
)
from ..vocab.datatypes import Datatype
from ..vocab.readings import Reading
from .batch import Batch, Cleanup
from .batches import ChannelBatch, LookBatch, PutBatch, ReadBatch, SettledBatch, put_late
from .connect_batch import ConnectBatch
from .inbox import Inbox
from .later import Later
from .link import Link
from .linked_channel import LinkedChannel
from .linked_monitor import LinkedMonitor
from .looks import GRACE_S, Look, LookRequest, believe, look_lost
from .missing import MissingSearch
from .protocol import PLAIN, Channel, Check, Description, Listener, PutRequest, ReadRequest, Use
from .verdict import Families, absent, stem_of

#: For how long a server may say nothing before its channels are closed, unless it is told otherwise, in s.
LIVENESS_S = 5.0
#: How long the loop of a thread may take to let go when the interpreter ends, in s.
LET_GO_S = 1.0
_unanswered: list[asyncio.Future[None]] = []

Send = Callable[[ReadBatch, list[tuple[int, LinkedChannel]]], None]


class LinkedConnector(ABC):
    """A connector that keeps one link for each address; see `protocol.Connector` for the methods."""

    def __init__(self, protocol: str, log: logging.Logger) -> None:
        self._protocol = protocol
        self._links: dict[object, Link] = {}
        self._families = Families()
        self.inbox = Inbox(log, self.turn)
        self.later = Later(self.inbox)
        self._under_way: set[ChannelBatch[Any]] = set()
        self.liveness_s = LIVENESS_S
        self._abandoned = False

    # What a protocol does.

    @abstractmethod
    def make_link(self, key: object, address: str, datatype: Datatype) -> Link:
        """Return a new link; no I/O yet."""

    @abstractmethod
    def send_reads(self, batch: ReadBatch, reads: list[tuple[int, LinkedChannel]]) -> None:
        """Ask for fresh values of connected channels; outcomes are settled in the batch."""

    @abstractmethod
    def send_puts(self, batch: PutBatch, puts: list[tuple[int, LinkedChannel, Any, bool]]) -> None:
        """Write raw values to connected channels; the bool asks for completion. What goes out is noted as sent.

        Where the link is `looked_at`, a look follows each, which is settled too.
        """

    def send_looks(self, batch: Batch[Look], looks: list[LookRequest]) -> None:
        """Look at puts that were completed; only asked for links that are `looked_at`."""
        del batch, looks

    def send_setpoints(self, batch: ReadBatch, reads: list[tuple[int, LinkedChannel]]) -> None:
        """Ask for what was written last, where the protocol tells that beside the value."""
        self.send_reads(batch, reads)

    def link_key(self, address: str, datatype: Datatype, use: Use) -> object:
        """Return what channels must have in common to share a link."""
        del datatype, use
        return address

    def keys_of(self, name: str) -> Sequence[object]:
        """Return every key that `link_key` may give for an address."""
        return (name,)

    def stem(self, name: str) -> str:
        """Return what the names of one server have in common; empty if a name says nothing of its server."""
        return stem_of(name)

    def not_found(self, channel: LinkedChannel, waited_s: float) -> SignalError:
        """Return the error of a channel that did not answer in time."""
        return channel.unavailable() if channel.state == "closed" else absent(channel, waited_s)

    def refusal(self, address: str) -> str:
        """Return why no server can have this address; empty if one may."""
        return "" if address.strip() else "the address is blank"

    def turn(self) -> AbstractContextManager[None]:
        """Return the context in which the client library is called; its end sends what was asked for."""
        return nullcontext()

    @property
    def size(self) -> int:
        """Return how many names are in use."""
        return len(self._links)

    # What a caller does.

    @property
    def protocol(self) -> str:
        """Return the scheme of its addresses."""
        return self._protocol

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Deliver on this loop from now on."""
        self.inbox.bind(loop)
        self.later.rearm()

    def channel(self, address: str, datatype: Datatype, check: Check | None = None, use: Use = PLAIN) -> Channel:
        """Return a channel for one more use of this address; does no I/O."""
        link = self.link_of(address, datatype, use)
        channel = self.make_channel(address, datatype, check, link, use)
        link.users += (channel,)
        if link.phase == "ready":
            channel.validate()
        return channel

    def link_of(self, address: str, datatype: Datatype, use: Use) -> Link:
        """Return the link of this use, which may be a new one."""
        key = self.link_key(address, datatype, use)
        link = self._links.get(key)
        if link is None:
            link = self._links[key] = self.make_link(key, address, datatype)
            stem = self.stem(link.name)
            if stem:
                link.family = self._families.join(link, stem)
        return link

    def make_channel(
        self, address: str, datatype: Datatype, check: Check | None, link: Link, use: Use
    ) -> LinkedChannel:
        """Return the object that stands for one use of a link."""
        del use
        return LinkedChannel(self._protocol, address, datatype, check, link, self.refusal(address))

    def check_again(self, channel: Channel) -> None:
        """Ask the check of a channel anew, since what it depends on has changed; its updates end or begin by that."""
        used = cast(LinkedChannel, channel)
        with self.turn():
            used.link.check_again(used)

    def release(self, channel: Channel) -> None:
        """Give up one use of an address; the last one closes it."""
        used = cast(LinkedChannel, channel)
        link = used.link
        with self.turn():
            for monitor in [monitor for monitor in link.monitors if monitor.channel is used]:
                monitor.close()
            link.users = tuple(user for user in link.users if user is not used)
            if not link.users:
                if self._links.get(link.key) is link:
                    del self._links[link.key]
                self._families.leave(link)
                self._release(link)

    async def connect(self, channels: Sequence[Channel], deadline: float) -> list[Description | SignalError]:
        """Search all at once and return what their servers say; an unanswered one gives `AbsentError`."""
        self._check_loop()
        if self._abandoned:
            await self._never()
        used = cast(Sequence[LinkedChannel], channels)
        batch = ConnectBatch(self, used, deadline)
        with without_collecting(), self.turn():
            for index, channel in enumerate(used):
                link = channel.link
                if channel.refusal:
                    batch.settle(index, channel.unavailable())
                    continue
                link.open()
                if link.phase == "ready":
                    batch.settle_ready(index)
                elif link.phase == "released":
                    batch.settle(index, channel.unavailable())
                else:
                    link.when_ready(batch, index)
        MissingSearch(batch, used, self.later, self.send_reads)
        return await self._outcomes(batch)

    async def read(self, requests: Sequence[ReadRequest]) -> list[Reading | SignalError]:
        """Return fresh values, in one round trip where the protocol can."""
        self._check_loop()
        if self._abandoned:
            await self._never()
        used = [cast(LinkedChannel, request.channel) for request in requests]
        batch = ReadBatch(used, [request.deadline for request in requests])
        with self.turn():
            ready: list[tuple[int, LinkedChannel]] = []
            setpoints: list[tuple[int, LinkedChannel]] = []
            for index, channel in enumerate(used):
                wanted = setpoints if requests[index].setpoint else ready
                if channel.link.phase == "ready" and channel.failure is None:
                    wanted.append((index, channel))
                else:
                    send = self.send_setpoints if requests[index].setpoint else self.send_reads
                    self._postpone(batch, index, channel, partial(self._read_later, batch, index, channel, send))
            if ready:
                self.send_reads(batch, ready)
            if setpoints:
                self.send_setpoints(batch, setpoints)
        return await self._outcomes(batch)

    def put(self, requests: Sequence[PutRequest]) -> "CoroutineType[Any, Any, list[SignalError | None]]":
        """Write all at once; None is: done, and completed where `wait` asked for it."""
        return self.execute(requests)

    async def execute(self, requests: Sequence[PutRequest]) -> list[Any]:
        """Execute commands, or write; an outcome is what a command returned, None for done, or an error."""
        self._check_loop()
        if self._abandoned:
            await self._never()
        used = [cast(LinkedChannel, request.channel) for request in requests]
        batch = PutBatch(used, requests)
        self._begin_puts(batch, used, requests)
        outcomes = await self._outcomes(batch)
        deadline = max((request.deadline for request in requests), default=0.0)
        look_at = partial(self._look_at, batch, used)
        outcomes = await believe(outcomes[: len(used)], outcomes[len(used) :], look_at, batch.seen, deadline)
        await self._ask_again(
            [channel.link for channel, outcome in zip(used, outcomes, strict=True) if outcome is None]
        )
        return outcomes

    def monitor(self, channel: Channel, listener: Listener, *, all_updates: bool = False) -> LinkedMonitor:
        """Call `listener` with the value now, and at each change, and with the error when the connection breaks."""
        used = cast(LinkedChannel, channel)
        monitor = LinkedMonitor(self, used, listener, all_updates)
        if used.refusal or used.link.phase == "released":
            self.inbox.post(monitor.fail, used.unavailable())
            return monitor
        with self.turn():
            used.link.add_monitor(monitor)
        return monitor

    async def pick(self, channels: Sequence[Channel], deadline: float) -> list[SignalError | None]:
        """Find out how updates of each would come; where a protocol knows one way only, there is nothing to ask."""
        del deadline
        return [None] * len(channels)

    def drop_monitor(self, monitor: LinkedMonitor) -> None:
        """End a subscription; called by `Monitor.close`."""
        with self.turn():
            monitor.channel.link.remove_monitor(monitor)

    async def close(self) -> None:
        """Release everything that this connector opened."""
        with self.turn():
            for link in list(self._links.values()):
                for monitor in link.monitors:
                    monitor.closed = True
                link.monitors = ()
                self._release(link)
            self._links.clear()
            for batch in self._under_way:  # all is settled; what they still have open goes now, with the rest
                batch.end()
        self.later.cancel()
        self.inbox.clear()

    def abandon(self) -> None:
        """Let go of everything, since the interpreter ends; called by the main thread.

        Nobody is told, and what is still asked for is not answered: a loop that runs on in a thread would otherwise
        have errors to log of which nobody is the reason. It is that loop which lets go, so that nothing is in between.
        """
        done = threading.Event()
        loop = self.inbox.loop
        if loop is not None and loop.is_running():
            with suppress(RuntimeError):  # it was closed just now
                loop.call_soon_threadsafe(self._let_go, done)
                done.wait(LET_GO_S)
        if not done.is_set():
            self._let_go(done)

    def _let_go(self, done: threading.Event) -> None:
        if not self._abandoned:
            with self.turn():
                self._abandoned = True
                for link in list(self._links.values()):
                    link.abandon()
                self._links.clear()
            self.later.cancel()
            self.inbox.close()
        done.set()

    async def _never(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        _unanswered.append(future)  # nobody else holds it, nor the task that waits for it
        await future

    def _check_loop(self) -> None:
        running = asyncio.get_running_loop()
        if self.inbox.loop is None:
            self.bind(running)
        elif self.inbox.loop is not running:
            raise WrongLoopError(f"the {self._protocol} connector delivers on another event loop; bind it to this one")

    async def _ask_again(self, written: Sequence[Link]) -> None:
        """Ask what is served now where a put may have changed limits, unit or labels: what follows goes by them."""
        meant = {name for link in written for name in link.meant}
        if not meant:
            return
        with self.turn():
            links = [self._links.get(key) for name in meant for key in self.keys_of(name)]
            asked = [link for link in links if link is not None and link.ask_again()]
        batch = SettledBatch([time.monotonic() + GRACE_S] * len(asked))
        for index, link in enumerate(asked):
            key = (batch, index)
            link.when_settled(key, partial(batch.settle, index, None))
            batch.parts.append(Cleanup(partial(link.forget, key)))
        await batch.wait()

    async def _outcomes(self, batch: ChannelBatch[Any]) -> list[Any]:
        """Return all outcomes of a batch, also of what is given up meanwhile."""
        self._under_way.add(batch)
        try:
            return await batch.wait()
        finally:
            self._under_way.discard(batch)

    def _release(self, link: Link) -> None:
        """Give up a link, and say what that means for what is under way."""
        link.release()
        for batch in tuple(self._under_way):
            batch.end_with(link)

    def _postpone(self, batch: Batch[Any], index: int, channel: LinkedChannel, go: Callable[[], None]) -> None:
        """Settle a request that cannot be sent now, or send it when the link knows what it is connected to."""
        if channel.link.phase == "describing":
            self._when_settled(batch, index, channel, go)
        else:
            batch.settle(index, channel.unavailable())

    @staticmethod
    def _when_settled(batch: Batch[Any], index: int, channel: LinkedChannel, go: Callable[[], None]) -> None:
        key = (batch, index)
        channel.link.when_settled(key, go)
        batch.parts.append(Cleanup(partial(channel.link.forget, key)))

    def read_again(self, batch: Batch[Any], index: int, channel: LinkedChannel) -> None:
        """Read once more when the server has described itself anew, since its answer cannot be understood before."""
        self._postpone(
            batch, index, channel, partial(self._read_later, cast(ReadBatch, batch), index, channel, self.send_reads)
        )

    def _read_later(self, batch: ReadBatch, index: int, channel: LinkedChannel, send: Send) -> None:
        if channel.link.phase != "ready" or channel.failure is not None:
            batch.settle(index, channel.unavailable())
        elif batch.pending(index):
            send(batch, [(index, channel)])

    def _begin_puts(self, batch: PutBatch, used: Sequence[LinkedChannel], requests: Sequence[PutRequest]) -> None:
        now = time.monotonic()
        with self.turn():
            ready: list[tuple[int, LinkedChannel, Any, bool]] = []
            for index, request in enumerate(requests):
                channel = used[index]
                if request.deadline <= now:
                    batch.settle(index, put_late(channel, False, batch.allowed_s(index)))
                elif request.wait and channel.link.is_completing:
                    self._put_behind(batch, index, request)
                elif channel.link.phase == "ready" and channel.failure is None:
                    self._add_put(batch, index, request, ready)
                else:
                    self._postpone(batch, index, channel, partial(self._put_later, batch, index, request))
            if ready:
                self.send_puts(batch, ready)

    def _put_behind(self, batch: PutBatch, index: int, request: PutRequest) -> None:
        """Put when another put to the same address is completed: before, its completion would say nothing."""
        link, key = cast(LinkedChannel, request.channel).link, (batch, index)
        link.when_completed(key, partial(self._put_later, batch, index, request))
        batch.parts.append(Cleanup(partial(link.forget_completed, key)))

    def _put_later(self, batch: PutBatch, index: int, request: PutRequest) -> None:
        channel = cast(LinkedChannel, request.channel)
        if channel.link.phase != "ready" or channel.failure is not None:
            batch.settle(index, channel.unavailable())
        elif request.wait and channel.link.is_completing and batch.pending(index):
            self._put_behind(batch, index, request)
        elif batch.pending(index):
            forbidden = request.forbids(request.value) if request.forbids is not None else None
            if forbidden is not None:
                batch.settle(index, forbidden)
                return
            ready: list[tuple[int, LinkedChannel, Any, bool]] = []
            self._add_put(batch, index, request, ready)
            if ready:
                self.send_puts(batch, ready)

    async def _look_at(
        self, puts: PutBatch, used: Sequence[LinkedChannel], compared: Sequence[tuple[int, Any]], deadline: float
    ) -> list[Look]:
        channels = [used[put] for put, _ in compared]
        batch = LookBatch(channels, [deadline] * len(compared))
        with self.turn():
            ready: list[LookRequest] = []
            for index, (put, sent) in enumerate(compared):
                look = LookRequest(index, channels[index], sent, puts.waits[put])
                if not puts.can_look(put):
                    batch.settle(index, look_lost(channels[index]))
                elif channels[index].link.phase == "ready":
                    ready.append(look)
                else:
                    self._when_settled(batch, index, channels[index], partial(self._look_later, batch, puts, put, look))
            if ready:
                self.send_looks(batch, ready)
        return await self._outcomes(batch)

    def _look_later(self, batch: LookBatch, puts: PutBatch, put: int, look: LookRequest) -> None:
        index, channel = look.number, look.channel
        if channel.link.phase != "ready" or not puts.can_look(put):
            batch.settle(index, look_lost(channel))
        elif batch.pending(index):
            self.send_looks(batch, [look])

    def _add_put(
        self,
        batch: PutBatch,
        index: int,
        request: PutRequest,
        ready: list[tuple[int, LinkedChannel, Any, bool]],
    ) -> None:
        channel = cast(LinkedChannel, request.channel)
        if channel.conversion is None:
            batch.settle(index, channel.unavailable())
            return
        try:
            raw = channel.conversion.to_native(request.value)
        except BadValueError as error:
            batch.settle(index, channel.named(error))
        except Exception as error:  # noqa: BLE001  # an odd value may do anything, and must not reach the server
            wrapped = BadValueError(f"the value cannot be written: {error!r}", source=channel.source)
            wrapped.__cause__ = error
            batch.settle(index, wrapped)
        else:
            ready.append((index, channel, raw, request.wait))
