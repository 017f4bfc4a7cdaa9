"""The connector of Tango."""

import asyncio
import atexit
import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import cast

from ...errors import AbsentError, DisconnectedError, PutNotSentError, ReadTimeoutError, SignalError
from ...vocab.datatypes import Datatype
from ...vocab.listing import LISTING
from ..batch import Cleanup
from ..batches import ChannelBatch, PutBatch, ReadBatch
from ..link import ABSENT, Link
from ..linked_channel import LinkedChannel
from ..linked_connector import LinkedConnector
from ..protocol import Channel, Check, Use
from . import proxies, trl
from .channel import SILENT_HELP, CommandChannel, TangoChannel
from .databases import Databases
from .described import DescribedLink
from .device import TangoDevice
from .events import Subscriber
from .link import TangoLink
from .members import MembersLink
from .polling import Poller
from .reach import Looks
from .refused import RefusedLink
from .requests import Put, Reads, send_puts, send_reads
from .servers import Servers
from .workers import Workers

#: How long `close` waits for calls that are under way, in s; each ends by its client time-out.
CLOSE_S = 2.0


class TangoConnector(LinkedConnector):
    """Tango; see `protocol.Connector` for the methods."""

    def __init__(self) -> None:
        super().__init__("tango", logging.getLogger("ophyd_decl.connectors.tango"))
        self._devices: dict[str, TangoDevice] = {}
        self._begin()

    def _begin(self) -> None:
        """Make what `close` ends; it is made anew when a closed connector is used again."""
        self.workers = Workers()
        self.subscriber = Subscriber()
        self.poller = Poller(self.later)
        self.databases = Databases()
        self.looks = Looks()
        self.servers = Servers(self, self.later.call)
        self.closed = False
        atexit.register(self._end, 0.0)  # what is under way is waited for by `threads`

    def turn(self) -> AbstractContextManager[None]:
        """Look first which servers have ended, if the loop is late."""
        self.servers.look_if_late()
        return super().turn()

    def refusal(self, address: str) -> str:
        """Return why no device can have this attribute or command."""
        return trl.member(address)[0]

    def stem(self, name: str) -> str:
        """Return nothing: a device says itself what it does not have."""
        del name
        return ""

    def link_of(self, address: str, datatype: Datatype, use: Use) -> Link:
        """Return the link of this use: of the attribute and how its updates come, or of the command."""
        if datatype.name == LISTING:
            return super().link_of(address, datatype, use)
        problem, device, name = trl.member(address)
        if problem:
            return super().link_of(address, datatype, use)
        key = device.key, name if name.islower() else name.lower(), use.command, use.events, use.poll_s
        link = self._links.get(key)
        if link is None:
            made = self._device(device)
            link = self._links[key] = TangoLink(key, address.strip(), self.inbox, self, made, name, use)
        return link

    def link_key(self, address: str, datatype: Datatype, use: Use) -> object:
        """Return what channels must have in common: the list of a device, or the address where there is no device."""
        del use
        return (trl.parse(address).key, LISTING) if datatype.name == LISTING else address

    def make_link(self, key: object, address: str, datatype: Datatype) -> Link:
        """Return a new link to the list of a device, or for an address that no device can have; no I/O yet."""
        if datatype.name == LISTING:
            return MembersLink(key, address, self.inbox, self, self._device(trl.parse(address)))
        return RefusedLink(key, address, self.inbox)

    def _device(self, parsed: trl.Trl) -> TangoDevice:
        if self.closed:
            self._begin()
        device = self._devices.get(parsed.key)
        if device is None:
            device = self._devices[parsed.key] = TangoDevice(self, parsed)
        return device

    def make_channel(
        self, address: str, datatype: Datatype, check: Check | None, link: Link, use: Use
    ) -> LinkedChannel:
        """Return the object that stands for one use of an attribute or command."""
        refusal = ""
        if not isinstance(link, TangoLink):
            refusal = trl.device_problem(address) if datatype.name == LISTING else self.refusal(address)
        if use.command:
            return CommandChannel("tango", address.strip(), datatype, check, link, refusal, use)
        return TangoChannel("tango", address.strip(), datatype, check, link, refusal)

    def not_found(self, channel: LinkedChannel, waited_s: float) -> SignalError:
        """Return the error of a channel that did not answer in time: what is in the way, as far as it is known."""
        link = channel.link
        if not isinstance(link, DescribedLink) or link.phase not in ("searching", "describing"):
            return channel.unavailable()
        link.given_up = True
        if link.absence == ABSENT:
            problem = f"{link.device.asked} did not answer within {waited_s:.1f} s"
            return AbsentError(problem, source=channel.source, help=SILENT_HELP)
        return channel.unavailable()

    async def pick(self, channels: Sequence[Channel], deadline: float) -> list[SignalError | None]:
        """Subscribe to the events of each, as far as nobody has; values of them are not delivered by that."""
        self._check_loop()
        used = cast(Sequence[TangoChannel], channels)
        batch = _PickBatch(used, [deadline] * len(used))
        for index, channel in enumerate(used):
            self._pick(batch, index, channel)
        return await batch.wait()

    def _pick(self, batch: "_PickBatch", index: int, channel: TangoChannel) -> None:
        if channel.link.phase != "ready" or channel.failure is not None:
            self._postpone(batch, index, channel, partial(self._pick, batch, index, channel))
            return
        link, key = cast(TangoLink, channel.link), (batch, index)
        link.pick(key, partial(self._picked, batch, index, channel))
        batch.parts.append(Cleanup(partial(link.forget_pick, key)))

    def _picked(self, batch: "_PickBatch", index: int, channel: TangoChannel) -> None:
        link = cast(TangoLink, channel.link)
        if link.phase != "ready":
            self._pick(batch, index, channel)  # again, when the device has described what it has changed
        elif link.device.session is None:  # and its generation is about to end
            batch.settle(index, DisconnectedError("the connection closed", source=channel.source))
        else:
            batch.settle(index, None if link.updates else link.no_events_of(channel))

    def read_anew(self, batch: ReadBatch, index: int, channel: LinkedChannel, setpoint: bool) -> None:
        """Read once more, as soon as the device has described again what it has changed."""
        send = self.send_setpoints if setpoint else self.send_reads
        if batch.pending(index):
            self._postpone(batch, index, channel, partial(self._read_later, batch, index, channel, send))

    def refuse_anew(self, batch: PutBatch, index: int, channel: LinkedChannel) -> None:
        """Say what has changed of something that was not written, as soon as the device has described it again."""
        if channel.link.phase == "ready":
            _settle_not_sent(batch, index, channel)
        elif batch.pending(index):
            self._postpone(batch, index, channel, partial(_settle_not_sent, batch, index, channel))

    def send_reads(self, batch: ReadBatch, reads: Reads) -> None:
        """Ask for fresh values, with one call for each device."""
        send_reads(batch, reads, setpoint=False)

    def send_setpoints(self, batch: ReadBatch, reads: Reads) -> None:
        """Ask for what was written last, with one call for each device."""
        send_reads(batch, reads, setpoint=True)

    def send_puts(self, batch: PutBatch, puts: list[Put]) -> None:
        """Write raw values, and execute commands."""
        send_puts(batch, puts)

    async def close(self) -> None:
        """Release everything that this connector opened, with its threads."""
        self.closed = True
        await super().close()
        self._devices.clear()
        atexit.unregister(self._end)
        await asyncio.to_thread(self._end, CLOSE_S)
        await asyncio.to_thread(proxies.let_go_within, CLOSE_S)

    def _end(self, timeout_s: float) -> None:
        self.closed = True
        self.workers.close(timeout_s)
        self.subscriber.close(timeout_s)


class _PickBatch(ChannelBatch[SignalError | None]):
    """Whether events were found for channels."""

    __slots__ = ()

    def late(self, index: int) -> SignalError:
        """Return the error of a channel of which it is not known."""
        late = "which events the device sends was not found out in time"
        return ReadTimeoutError(late, source=self._channels[index].source)


def _settle_not_sent(batch: PutBatch, index: int, channel: LinkedChannel) -> None:
    usable = channel.link.phase == "ready" and channel.failure is None
    anew = PutNotSentError("not sent: the device has described it in another way meanwhile", source=channel.source)
    batch.settle(index, anew if usable else channel.unavailable())
