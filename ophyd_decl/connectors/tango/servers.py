"""Which servers there are, and whether each still answers.

Tango tells nobody that a connection has closed, and notices a server that is gone after ten seconds. So each server is
asked a few times a second whether it lives, by a ping of one of its devices in turn. A ping is answered by a device
that is busy, but not by a server that hangs.
"""

import time
from collections.abc import Callable
from functools import partial
from math import ceil
from operator import attrgetter
from typing import TYPE_CHECKING

from . import faults
from .flow import FLOW
from .lifeline import Lifeline
from .session import Session
from .trl import Trl

if TYPE_CHECKING:
    from .connector import TangoConnector
    from .device import TangoDevice

#: How often servers are looked at, and how long one may be quiet before it is asked, in s.
LOOK_S, ASK_S = 0.1, 0.3
#: After how many looks that did not come a server may have come back unseen; and may live, though nothing was heard.
LATE, STILL = 2, 10
#: How often what is subscribed is read while no events can come, in s.
CATCH_UP_S = 0.25
#: Of the liveness time: how long a server may be silent. It must be noticed before the whole of that time is over.
SILENT = 0.9
#: Of the liveness time: how often that is read of which no event has come meanwhile, since events are lost unseen.
UNTOLD = 0.5
#: Of the liveness time: how often each device compares its configurations, so that a change is known when it is over;
#: and in what part of it all are compared that are due together.
COMPARED, SPREAD = 0.9, 0.5


class Server:
    """One server, and the devices of it that are in use.

    :param host: what it is known by.
    """

    __slots__ = ("_asked_at", "_asking", "_connector", "_lifeline", "_since", "devices", "heard_at", "host")

    def __init__(self, connector: "TangoConnector", host: str) -> None:
        self.host = host
        self.devices: dict[TangoDevice, None] = {}
        self.heard_at = time.monotonic()
        self._connector = connector
        self._asking = False
        self._lifeline: Lifeline | None = None
        self._asked_at = self._since = self.heard_at

    def look(self, now: float) -> None:
        """Ask it something if it has been quiet; give its devices up if it still is."""
        if not self._asking and now - max(self.heard_at, self._asked_at) >= ASK_S:
            self._ask(now)
        quiet_s = now - max(self.heard_at, self._since)
        if quiet_s >= SILENT * self._connector.liveness_s:
            for device in list(self.devices):
                device.silent(f"the server has said nothing for {now - self.heard_at:.1f} s")

    def look_for_end(self) -> None:
        """Take note of its end, if that has come."""
        if self._lifeline is not None:
            self._lifeline.look()

    def begin(self, now: float) -> None:
        """Begin to wait anew: it could not be heard for a while."""
        self._since = now

    def join(self, device: "TangoDevice", trl: Trl) -> None:
        """Look after one more device.

        :param trl: by which it was found.
        """
        self.devices[device] = None
        self.heard_at = time.monotonic()
        if self._lifeline is None:
            self._lifeline = Lifeline(self._connector, trl, self._ended, self._connector.servers.were_still)

    def leave(self, device: "TangoDevice") -> None:
        """Forget a device."""
        self.devices.pop(device, None)
        if not self.devices and self._lifeline is not None:
            self._lifeline.close()
            self._lifeline = None

    def _ended(self) -> None:
        """Give its devices up: it has gone."""
        self._lifeline = None
        for device in list(self.devices):
            if device.session is not None:
                device.lost(device.session, "the connection is closed: the server has ended")

    def _ask(self, now: float) -> None:
        device = next((one for one in self.devices if one.session is not None), None)
        if device is None or device.session is None:
            return
        # Each in turn: one that asked goes behind the others.
        self.devices[device] = self.devices.pop(device)
        self._asking = True
        self._asked_at = now
        deadline = now + self._connector.liveness_s
        self._connector.workers.submit(partial(self._ping, device, device.session, deadline))

    def _ping(self, device: "TangoDevice", session: Session, deadline: float) -> None:
        """Ask; called in a thread."""
        failure: Exception | None = None
        try:
            with session.proxy(deadline) as proxy:
                proxy.ping()
            self.heard_at = time.monotonic()
        except Exception as error:  # noqa: BLE001  # what it means is decided on the loop
            failure = error
        self._connector.inbox.post(self._answered, device, session, failure)

    def _answered(self, device: "TangoDevice", session: Session, failure: Exception | None) -> None:
        self._asking = False
        if failure is not None and faults.is_closed(failure):
            device.lost(session, f"the connection is closed: {faults.words(failure)}")
            self._asked_at = 0.0  # the others live in the same process, as a rule
            self.look(time.monotonic())


class Servers:
    """All servers of a connector."""

    def __init__(self, connector: "TangoConnector", call: Callable[[float, Callable[[], None]], None]) -> None:
        self._connector = connector
        self._call = call
        self._servers: dict[str, Server] = {}
        self._looking = False
        self._looked_at = 0.0
        #: when what is subscribed was read last in the place of events.
        self._caught_up_at = time.monotonic()

    def were_still(self) -> bool:
        """Return whether nothing was looked at for a while: the loop stood still, or the machine slept."""
        return time.monotonic() - self._looked_at > STILL * LOOK_S

    def look_if_late(self) -> None:
        """Take note of the servers that have ended while the loop was late.

        Else what another process answers could be believed, which is delivered before the loop sees the end.
        """
        if time.monotonic() - self._looked_at > LATE * LOOK_S:
            for server in list(self._servers.values()):
                server.look_for_end()

    def join(self, device: "TangoDevice", host: str, trl: Trl) -> Server:
        """Return the server of a device that has come up.

        :param host: what the server is known by.
        :param trl: by which the device was found.
        """
        server = self._servers.get(host)
        if server is None:
            server = self._servers[host] = Server(self._connector, host)
        server.join(device, trl)
        if not self._looking:
            self._looking = True
            self._looked_at = time.monotonic()
            self._call(LOOK_S, self._look)
        return server

    def _look(self) -> None:
        now = time.monotonic()
        late = self.were_still()
        self._looked_at = now
        for server in list(self._servers.values()):
            if late:
                server.begin(now)
            server.look(now)
        since_s = now - self._caught_up_at
        held_up = self._caught_up_at < FLOW.overtaken_at and since_s >= CATCH_UP_S
        if held_up or since_s >= UNTOLD * self._connector.liveness_s:
            self._caught_up_at = now
            for device in self._devices():
                device.catch_up(0.0 if held_up else since_s)
        self._compare(now)
        self._servers = {host: server for host, server in self._servers.items() if server.devices}
        self._looking = bool(self._servers)
        if self._looking:
            self._call(LOOK_S, self._look)

    def _devices(self) -> "list[TangoDevice]":
        return [device for server in self._servers.values() for device in server.devices]

    def _compare(self, now: float) -> None:
        """Have devices compare what they are by now, a few at a time: not all at once, since all connect at once."""
        devices = self._devices()
        due = sorted((device for device in devices if device.compare_at <= now), key=attrgetter("compare_at"))
        for device in due[: ceil(len(devices) * LOOK_S / (SPREAD * self._connector.liveness_s))]:
            device.compare_all(now)
