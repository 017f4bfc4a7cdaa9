"""The connector of Tango."""

import asyncio
import atexit
import logging
from typing import cast

from ...errors import AbsentError, SignalError
from ...vocab.datatypes import Datatype
from ...vocab.keywords import Events
from ..batches import PutBatch, ReadBatch
from ..link import ABSENT, Link
from ..linked_channel import LinkedChannel
from ..linked_connector import LinkedConnector
from ..protocol import Check, Use
from . import trl
from .channel import TangoChannel
from .device import TangoDevice
from .events import Subscriber
from .link import RefusedLink, TangoLink
from .polling import Poller
from .requests import Put, Reads, send_puts, send_reads
from .servers import Servers
from .workers import Workers

#: How long `close` waits for calls that are under way, in s; each ends by its client time-out.
CLOSE_S = 2.0


class TangoConnector(LinkedConnector):
    """Tango; see `protocol.Connector` for the methods."""

    def __init__(self) -> None:
        super().__init__("tango", logging.getLogger("ophyd_decl.connectors.tango"))
        self.workers = Workers()
        self.subscriber = Subscriber()
        self.poller = Poller(self.later)
        self.servers = Servers(self, self.later.call)
        self.closed = False
        self._devices: dict[str, TangoDevice] = {}
        atexit.register(self._end, 0.0)

    def refusal(self, address: str) -> str:
        """Return why no device can have this attribute or command."""
        return trl.problem(address)

    def stem(self, name: str) -> str:
        """Return nothing: a device says itself what it does not have."""
        del name
        return ""

    def link_key(self, address: str, datatype: Datatype, use: Use) -> object:
        """Return what channels must have in common: the attribute and how its updates come, or the command."""
        del datatype
        if self.refusal(address):
            return address
        device, name = trl.split(address)
        return trl.parse(device).key, name.lower(), use.command, use.events, use.poll_s

    def make_link(self, key: object, address: str, datatype: Datatype) -> Link:
        """Return a new link; no I/O yet."""
        del datatype
        if self.refusal(address):
            return RefusedLink(key, address, self.inbox)
        device_key, _, is_command, events, poll_s = cast(tuple[str, str, bool, Events, float | None], key)
        text, name = trl.split(address)
        device = self._devices.get(device_key)
        if device is None:
            device = self._devices[device_key] = TangoDevice(self, trl.parse(text))
        return TangoLink(key, address.strip(), self.inbox, self, device, name, is_command, events, poll_s)

    def make_channel(
        self, address: str, datatype: Datatype, check: Check | None, link: Link, use: Use
    ) -> LinkedChannel:
        """Return the object that stands for one use of an attribute or command."""
        return TangoChannel(self.protocol, address.strip(), datatype, check, link, self.refusal(address), use)

    def not_found(self, channel: LinkedChannel, waited_s: float) -> SignalError:
        """Return the error of a channel that did not answer in time: what is in the way, as far as it is known."""
        link = channel.link
        if not isinstance(link, TangoLink) or link.phase not in ("searching", "describing"):
            return channel.unavailable()
        link.given_up = True
        if link.absence == ABSENT:
            return AbsentError(f"the device did not answer within {waited_s:.1f} s", source=channel.source)
        return channel.unavailable()

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

    def _end(self, timeout_s: float) -> None:
        self.closed = True
        self.workers.close(timeout_s)
        self.subscriber.close(timeout_s)
