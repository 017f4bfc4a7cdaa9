"""Which servers there are, and whether each still says something.

A server that hangs leaves its circuit open, and libca notices that after half a minute. So a server from which nothing
has come for a while is asked for some value that it has, one at a time and of different PVs, as some of them may live
behind a gateway. If nothing comes at all within the liveness time, its links begin again: they ask for their
description, which is answered when the server returns.

libca has a time-out of its own (EPICS_CA_CONN_TMO), which cannot be used: it holds for every user of the context, and
five seconds of waiting for an echo always come on top.
"""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..later import Later
from . import calls, library
from .calls import Data

if TYPE_CHECKING:
    from .link import CaLink

#: Of the liveness time: how often servers are looked at, when one is asked, and when it counts as silent. It must be
#: silent in the end before the whole of that time is over.
LOOK, ASK, SILENT = 0.1, 0.2, 0.9
#: How many questions a server is asked before it counts as silent, and how often it is looked at meanwhile at least.
_QUESTIONS = 3
_LOOKS = 4


class Server:
    """One server, and the links that are connected to it.

    :param host: by which name it was seen first.
    """

    __slots__ = ("_asked", "_looks", "_turn", "heard_at", "host", "links", "silent")

    def __init__(self, host: str) -> None:
        self.host = host
        self.links: dict[CaLink, None] = {}
        self.heard_at = time.monotonic()
        self.silent = False
        self._asked: list[Question] = []
        self._looks = 0
        self._turn: Iterator[CaLink] = iter(())

    def look(self, now: float, liveness_s: float) -> None:
        """Ask it something if it has said nothing for a while; let its links begin again if it still does not."""
        quiet_s = now - self.heard_at
        if quiet_s < ASK * liveness_s:
            self.begin()
            self.silent = False
            return
        if self.silent or not self.links:
            return
        if self._looks % 2 == 0 and len(self._asked) < _QUESTIONS:
            link = self._next()
            if link is None:  # nothing that may be read
                self.heard_at = now
                return
            self._asked.append(Question(self, link))
        self._looks += 1
        if quiet_s >= SILENT * liveness_s and self._looks > _LOOKS:
            self.silent = True
            for link in list(self.links):
                link.fell_silent(quiet_s)

    def begin(self) -> None:
        """Begin to wait anew."""
        self._looks = 0
        for question in self._asked:
            question.clear()
        self._asked.clear()

    def leave(self, link: "CaLink") -> None:
        """Forget a link."""
        self.links.pop(link, None)
        if not self.links:
            self.begin()

    def _next(self) -> "CaLink | None":
        for links in (self._turn, list(self.links)):
            for link in links:
                if link in self.links and link.can_be_asked:
                    if links is not self._turn:
                        self._turn = iter(list(self.links))
                    return link
        return None


class Question:
    """A read of one element of some PV, only to see whether it is answered."""

    __slots__ = ("_number", "_server")

    def __init__(self, server: Server, link: "CaLink") -> None:
        self._server = server
        self._number = calls.add_target(self)
        library.get_callback(link.kind, 1, link.wire_channel, calls.on_reply, self._number)

    def clear(self) -> None:
        """Ignore the reply."""
        calls.remove_target(self._number)

    def arrived(self, member: int, status: int, count: int, data: Data) -> None:
        """Note that the server lives; called in a thread of libca."""
        del member, count, data
        if status != library.ECA_DISCONN:
            self._server.heard_at = time.monotonic()


class Servers:
    """All servers of a connector.

    :param later: wakes it.
    :param liveness_s: gives how long a server may say nothing.
    """

    def __init__(self, later: Later, liveness_s: Callable[[], float]) -> None:
        self._servers: dict[str, Server] = {}
        self._later = later
        self._liveness_s = liveness_s
        self._looking = False
        self._looked_at = 0.0

    def join(self, link: "CaLink", host: str) -> Server:
        """Return the server of a link that has come up."""
        server = self._servers.get(host) or self._renamed(host)
        if server is None:
            server = self._servers[host] = Server(host)
        server.links[link] = None
        server.heard_at = time.monotonic()
        if not self._looking:
            self._looking = True
            self._looked_at = time.monotonic()
            self._later.call(LOOK * self._liveness_s(), self._look)
        return server

    def _renamed(self, host: str) -> Server | None:
        """Return the server that libca has found the name of since: it gives the bare address until then."""
        for server in list(self._servers.values()):
            if server.links and next(iter(server.links)).wire_host == host:
                self._servers[host] = server
                return server
        return None

    def _look(self) -> None:
        now, liveness_s = time.monotonic(), self._liveness_s()
        late = now - self._looked_at > 3 * LOOK * liveness_s
        self._looked_at = now
        for server in set(self._servers.values()):
            if late:
                server.begin()
            server.look(now, liveness_s)
        self._servers = {host: server for host, server in self._servers.items() if server.links}
        self._looking = bool(self._servers)
        if self._looking:
            self._later.call(LOOK * liveness_s, self._look)
