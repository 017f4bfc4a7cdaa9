"""One Tango device, shared by all of its attributes and commands that are in use: asked once for all of them.

Lives on the loop thread; what blocks is done in threads, whose answers come back by the inbox. A device that was lost
is searched again and again, ever more rarely, until its last user has gone.
"""

import logging
import math
import time
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from ...collecting import without_collecting
from . import faults, proxies, session
from .events import InterfaceWatch
from .library import DevFailed
from .reach import ObstacleError
from .servers import COMPARED, SPREAD
from .session import Session, Told
from .trl import Trl
from .workers import Lane

if TYPE_CHECKING:
    from .connector import TangoConnector
    from .described import DescribedLink
    from .link import TangoLink
    from .servers import Server

_log = logging.getLogger("ophyd_decl.connectors.tango")

#: How long a device may take to describe itself, in s, and the pauses between attempts.
DESCRIBE_S = 3.0
PAUSES_S = (0.05, 0.1, 0.2, 0.5, 1.0)
#: How many connections that have ended are found out about in one attempt.
OLD_CONNECTIONS = 30
#: How often a device is asked again for what it does not have, in s.
MISSING_AGAIN_S = 5.0
#: The phases of what the device has to describe.
_UNDESCRIBED = ("searching", "describing", "down")
#: How long after the description the events are subscribed by which a device tells that it is another, in s.
WATCH_AFTER_S = 0.2


class TangoDevice:
    """One Tango device.

    :param trl: its name, as its first user writes it.
    """

    def __init__(self, connector: "TangoConnector", trl: Trl) -> None:
        self.connector = connector
        self.trl = trl
        self.links: dict[DescribedLink, None] = {}
        self.session: Session | None = None
        self.server: Server | None = None
        self.reads = Lane(connector.workers)
        self.writes = Lane(connector.workers)
        #: whether it has answered at all since its first user came.
        self.was_up = False
        #: what is asked for its description now, for those who wait in vain.
        self.asked = "the device"
        self._asked = False
        self._asking = False
        self._attempts = 0
        #: what is to be read for monitors, after how many events, and whether they are not told if that fails.
        self._wanted: dict[TangoLink, tuple[int, bool]] = {}
        self._updating = False
        #: when all configurations are to be compared next, and from when on the events stand that tell of labels.
        self.compare_at = math.inf
        self._stands_from = -math.inf
        self._comparing = False
        self._interface: InterfaceWatch | None = None

    # Connecting.

    def add(self, link: "DescribedLink") -> None:
        """Have one more attribute or command described."""
        self.links[link] = None
        self._attempts = 0
        if not self._asked:
            self.ask_soon()

    def remove(self, link: "DescribedLink") -> None:
        """Forget one; the last one ends the session."""
        self.links.pop(link, None)
        self._wanted.pop(cast("TangoLink", link), None)
        if not self.links:
            self._end_session()

    def ask_soon(self) -> None:
        """Ask for the description of what is not described, together with what else wants that in this turn."""
        if not self._asked:
            self._asked = True
            self.connector.inbox.post(self._ask)

    def lost(self, ended: Session, text: str) -> None:
        """End the generations of everything, since the device does not answer any more; search it."""
        if ended is not self.session:
            return
        self._end_session()
        for link in list(self.links):
            link.went_down(text)
        self._attempts = 0
        self.ask_soon()

    def silent(self, text: str) -> None:
        """Trust nothing until the device has described everything anew."""
        self._end_session()
        for link in list(self.links):
            link.pause(text)
        self._attempts = 0
        self.ask_soon()

    def heard(self) -> None:
        """Note that its server lives."""
        if self.server is not None:
            self.server.heard_at = time.monotonic()

    # Values for monitors that were asked for by ourselves.

    def read_soon(self, link: "TangoLink", *, quiet: bool = False) -> None:
        """Read an attribute for its monitors, together with what else is wanted.

        :param quiet: tell them nothing if the device does not answer.
        """
        if not self._wanted and not self._updating:
            self.connector.inbox.post(self._read_wanted)
        before = self._wanted.get(link)
        self._wanted[link] = link.events_seen, quiet and (before is None or before[1])

    def compare(self, infos: "dict[TangoLink, Any]", asked_at: float) -> None:
        """Take note of configurations that were asked for: of all that have labels, and of what has changed."""
        for link, info in infos.items():
            link.compare(info, asked_at)

    def catch_up(self, unless_s: float) -> None:
        """Read what its events cannot tell now, or may not have told.

        :param unless_s: unless the value was known within this time.
        """
        for link in self.links:
            link.catch_up(unless_s)

    def _read_wanted(self) -> None:
        if self._updating:
            return
        if self.session is None:
            self._wanted.clear()  # whoever wants it is subscribed anew in the next session
            return
        wanted = {link: how for link, how in self._wanted.items() if link.subscribed and link.phase == "ready"}
        self._wanted.clear()
        if wanted:
            self._updating = True
            unsure = [link for link in wanted if link.asks_labels]
            self.reads.submit(partial(self._read, self.session, wanted, unsure, time.monotonic()))

    def _read(
        self, asked: Session, wanted: "dict[TangoLink, tuple[int, bool]]", unsure: "list[TangoLink]", asked_at: float
    ) -> None:
        """Read, and ask for the labels behind it of those that are unsure of them; called in a thread."""
        answer: Any
        try:
            with asked.proxy(asked_at + self.connector.liveness_s) as proxy:
                names = [link.spelled for link in wanted]
                asked_for = list(dict.fromkeys(names))  # one attribute may have several links, and is read once
                readings = dict(zip(asked_for, proxy.read_attributes(asked_for), strict=True))
                answer = [readings[name] for name in names]
                if unsure:
                    compared_at = time.monotonic()
                    infos = proxy.get_attribute_config_ex([link.spelled for link in unsure])
                    self.connector.inbox.post(self.compare, dict(zip(unsure, infos, strict=True)), compared_at)
        except Exception as error:  # noqa: BLE001  # the monitors are told
            answer = error
        self.connector.inbox.post(self._have_read, asked, wanted, answer, asked_at)

    def _have_read(
        self, asked: Session, wanted: "dict[TangoLink, tuple[int, bool]]", answer: Any, asked_at: float
    ) -> None:
        self._updating = False
        if asked is self.session:
            if not isinstance(answer, Exception):
                self.heard()
                for (link, (seen, _)), reading in zip(wanted.items(), answer, strict=True):
                    link.was_read(seen, reading, asked_at)
            elif faults.is_closed(answer):
                self.lost(asked, faults.words(answer))
            else:
                for link, (_, quiet) in wanted.items():
                    if not quiet:
                        link.read_failed(answer)
        if self._wanted:
            self._read_wanted()

    # How it is described.

    def _ask(self) -> None:
        self._asked = False
        links = [link for link in self.links if link.phase in _UNDESCRIBED]
        if self._asking or not links:
            return
        self._asking = True
        names = list(dict.fromkeys(link.member for link in links if link.kind == "attribute"))
        self.connector.workers.submit(partial(self._describe, self.session, names, links))

    def _describe(self, known: Session | None, names: list[str], links: "list[DescribedLink]") -> None:
        """Ask for a description; called in a thread."""
        answer: Any
        try:
            self.asked = "the device"
            kinds = {link.kind for link in links}
            answer = self._told(known, names, "command" in kinds, whole="members" in kinds)
        except Exception as error:  # noqa: BLE001  # it is searched again, and says why meanwhile
            answer = error
        self.connector.inbox.post(self._answered, known, links, answer)

    def _told(self, known: Session | None, names: list[str], commands: bool, *, whole: bool) -> Told:
        """Return what the device says of itself; parameters as `session.describe`.

        A new proxy that comes upon a connection of the process which a server has ended is not connected, and does not
        say so before it is used; there may be as many of those as calls were side by side.
        """
        found = 0
        while True:
            try:
                return session.describe(known or self._begin(), names, commands, DESCRIBE_S, whole=whole)
            except DevFailed as error:
                if known is not None or found == OLD_CONNECTIONS or not faults.is_delayed(error):
                    raise
                found += 1

    def _begin(self) -> Session:
        """Connect; called in a thread."""
        connector = self.connector
        return session.begin(self.trl, connector.databases, connector.looks, DESCRIBE_S, self._ask_for)

    def _ask_for(self, what: str) -> None:
        """Note what is asked now; called in a thread."""
        self.asked = what

    def _answered(self, known: Session | None, links: "list[DescribedLink]", answer: Any) -> None:
        self._asking = False
        if not self.links or self.connector.closed:
            return
        if isinstance(answer, Exception):
            if known is None or known is self.session:
                self._failed(answer)
            else:
                self.ask_soon()
            return
        told: Told = answer
        if known is not self.session:  # lost meanwhile
            self.ask_soon()
            return
        if self.session is None:
            self.session = told.session
            self.server = self.connector.servers.join(self, told.session.host, told.session.trl)
            self.compare_at = time.monotonic() + (COMPARED - SPREAD) * self.connector.liveness_s
        self._attempts = 0
        self.was_up = True
        self.heard()
        with without_collecting():
            for link in links:
                if link in self.links and link.phase in _UNDESCRIBED:
                    link.describe(told)
        if any(link.phase in _UNDESCRIBED for link in self.links):
            missing = all(link.missing for link in self.links if link.phase != "ready")
            self._again(MISSING_AGAIN_S if missing else 0.0)
        self.connector.later.call(WATCH_AFTER_S, self._watch)

    def _watch(self) -> None:
        """Have the server tell when it has something else, or other labels; the others that connect come first."""
        if self.session is not None:
            if self._interface is None:
                self._interface = InterfaceWatch(self, self.session)
                self.connector.subscriber.start(self._interface)
            for link in self.links:
                link.watch(self.session)

    # Whether it still is what it was.

    def compare_from(self, stands_from: float) -> None:
        """Compare all configurations once more, when the events stand by which the device tells of other labels.

        :param stands_from: on the clock of `time.monotonic`.
        """
        self._stands_from = max(self._stands_from, stands_from)
        self.compare_at = min(self.compare_at, stands_from)

    def compare_all(self, now: float) -> None:
        """Ask once more for the configuration of everything, in one call; what has changed begins a new generation."""
        regular_at = now + COMPARED * self.connector.liveness_s
        self.compare_at = self._stands_from if self._stands_from > now else regular_at
        links = [cast("TangoLink", link) for link in self.links if link.kind == "attribute" and link.phase == "ready"]
        if links and self.session is not None and not self._comparing:
            self._comparing = True
            self.reads.submit(partial(self._compare, self.session, links))

    def _compare(self, asked: Session, links: "list[TangoLink]") -> None:
        """Ask for configurations; called in a thread."""
        post, asked_at = self.connector.inbox.post, time.monotonic()
        try:
            with asked.proxy(asked_at + DESCRIBE_S) as proxy:
                try:
                    infos = proxy.get_attribute_config_ex([link.spelled for link in links])
                    told = zip(links, infos, strict=True)
                    post(self.compare, {link: info for link, info in told if link.is_to_compare(info)}, asked_at)
                except DevFailed as error:
                    if faults.reason(error) != faults.NO_ATTRIBUTE:
                        raise
                    everything = proxy.attribute_list_query_ex(), proxy.command_list_query()
                    post(self.interface_changed, session.told_all(asked, *everything))
        except Exception as error:  # noqa: BLE001  # it is busy, or gone: then all is described anew
            _log.debug("%s: not compared: %s", self.trl.text, error)
        post(self._have_compared)

    def _have_compared(self) -> None:
        self._comparing = False

    def interface_changed(self, told: Told) -> None:
        """Look at everything again, since the device has more or fewer attributes and commands than before.

        :param told: all that it has now.
        """
        if told.session is not self.session:
            return
        for link in list(self.links):
            if link.phase == "ready":
                link.interface_changed(told)
        if any(link.missing for link in self.links):
            self.ask_soon()

    def _failed(self, error: Exception) -> None:
        """Search again later; those who wait are told why if they wait in vain."""
        help = error.help if isinstance(error, ObstacleError) else ""
        text = str(error) if isinstance(error, ObstacleError) else faults.words(error)
        if isinstance(error, DevFailed) and faults.is_timeout(error):
            text = "the device does not answer"
        closed = not isinstance(error, DevFailed) or faults.is_closed(error)
        if self.session is not None and closed:
            self.lost(self.session, text)
        for link in self.links:
            link.missing, link.help = "", help
            link.absence = text
            if link.phase == "describing" and closed:
                link.went_down(text)
            elif link.phase == "down":
                link.trouble = text
        self._again(PAUSES_S[min(self._attempts, len(PAUSES_S) - 1)])
        self._attempts += 1

    def _again(self, pause_s: float) -> None:
        self.connector.later.call(pause_s, self.ask_soon)

    def _end_session(self) -> None:
        if self.server is not None:
            self.server.leave(self)
            self.server = None
        ended, self.session = self.session, None
        self.compare_at = math.inf
        watch, self._interface = self._interface, None
        if watch is not None:
            self.connector.subscriber.stop(watch)
        if ended is not None:
            for link in self.links:
                link.end_events()
            self.connector.workers.submit(proxies.let_go)  # and once more when that thread has nothing to do
