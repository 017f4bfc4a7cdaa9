"""Events of Tango: which of them a server offers for an attribute, found out and subscribed in one thread.

Tango makes one subscription at a time for the whole process, in five milliseconds from a device that answers and in
up to nine seconds from one that does not; so nobody waits for it, and a device that does not answer is tried again
when the others have had their turn. Values come by reads until the events do. What was subscribed stays so until the
session ends: pytango 10 goes on to receive what was given up, and complains of each.
"""

import logging
import math
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from ...vocab.keywords import Events
from . import faults, library
from .flow import FLOW
from .library import DevFailed
from .session import Session, told_all
from .threads import calling

if TYPE_CHECKING:
    from .device import TangoDevice
    from .link import TangoLink

_log = logging.getLogger("ophyd_decl.connectors.tango")

#: What `auto` tries, the best first.
_AUTO = ("change", "periodic", "archive")
_NOT_POLLED = "API_AttributePollingNotStarted"
#: How often it is looked whether those can be subscribed whose device was busy, in s.
AGAIN_S = 0.5
#: How long after a subscription the value is read once more, in s. ZMQ drops what a server publishes before it has
#: heard of a subscription, and Tango does not wait for that: a change of the first moments may be lost.
CONFIRM_S = 0.5
#: How long the thread waits for something to do before it ends, in s.
IDLE_S = 5.0


class Subscription:
    """Events of one kind in one session.

    :param where: they come from, for the log.
    """

    def __init__(self, where: str, session: Session) -> None:
        self.where = where
        self.session = session
        self.ended = False
        self.numbers: list[int] = []

    def end(self) -> None:
        """Take no event any more."""
        self.ended = True

    def begin(self) -> None:
        """Subscribe; called in the thread of the subscriber.

        :raises BusyError: if the device does not answer now, so that it is to be tried again.
        """
        raise NotImplementedError

    def arrived(self, event: Any) -> None:
        """Take an event; called in a thread of Tango."""
        raise NotImplementedError

    def subscribe(self, *what: Any) -> str:
        """Have `arrived` called with events; return why that cannot be, empty where it can.

        :raises BusyError: if the device does not answer now.
        """
        problem = self.session.obstacle()
        if problem:
            return problem
        try:
            self.session.look_whether_busy()  # Tango finds that out in seconds, in which no event of any device comes
            with FLOW.held_up():
                self.numbers.append(self.session.main.subscribe_event(*what, self.arrived))
        except DevFailed as error:
            if faults.is_busy(error):
                self.session.is_busy()
                raise faults.BusyError(faults.words(error)) from error
            return faults.words(error)
        return ""


class InterfaceWatch(Subscription):
    """The events by which a server tells that a device has more or fewer attributes and commands than before."""

    def __init__(self, device: "TangoDevice", session: Session) -> None:
        super().__init__(session.trl.text, session)
        self._device = device

    def arrived(self, event: Any) -> None:
        """Have the loop look at what there is now; called in a thread of Tango."""
        if not self.ended and not event.err:
            told = told_all(self.session, event.att_list, event.cmd_list)
            self._device.connector.inbox.post(self._device.interface_changed, told)

    def begin(self) -> None:
        """Subscribe; called in the thread of the subscriber."""
        problem = self.subscribe(library.INTERFACE_EVENT)
        if problem:
            _log.info("%s: new attributes and commands will not be noticed: %s", self.where, problem)


class Watch(Subscription):
    """The events by which a server tells that an enum has other labels, or is described in another way.

    :param name: of the attribute.
    """

    def __init__(self, link: "TangoLink", session: Session, name: str) -> None:
        super().__init__(link.name, session)
        self.link = link
        self.name = name
        #: from when on no change is lost, on the clock of `time.monotonic`; inf: it is not subscribed.
        self.stands_from = math.inf

    def arrived(self, event: Any) -> None:
        """Have the loop look at a new configuration; called in a thread of Tango."""
        if not self.ended and not event.err:
            self.link.inbox.post(self.link.reconfigured, event.attr_conf)

    def begin(self) -> None:
        """Subscribe; called in the thread of the subscriber."""
        problem = self.subscribe(self.name, library.CONFIGURATION_EVENT)
        if not problem:
            self.stands_from = time.monotonic() + CONFIRM_S
            self.link.inbox.post(self.link.watched, self)
        else:
            self.link.tell_unwatched(problem)


class Feed(Watch):
    """The events that carry the values of one attribute in one session.

    :param wanted: kind of events, or `auto`.
    :param limit: how many events wait for the loop.

    `kind` is what was subscribed, empty before, and where nothing could be: then `problem` says why.
    """

    def __init__(self, link: "TangoLink", session: Session, name: str, wanted: Events, limit: int) -> None:
        super().__init__(link, session, name)
        self.wanted = wanted
        self.limit = limit
        self.kind = ""
        self.problem = ""
        #: whether its first event is still to come.
        self.begins = True
        self._events: deque[Any] = deque()
        self._dropped = 0
        self._lock = threading.Lock()

    def arrived(self, event: Any) -> None:
        """Keep an event for the loop; called in a thread of Tango."""
        if self.ended:
            return
        with self._lock:
            is_first = not self._events
            if len(self._events) >= self.limit:
                self._events.popleft()
                self._dropped += 1
            self._events.append(event)
        if is_first:
            self.link.inbox.post(self.link.drain, self)

    def take(self) -> tuple[list[Any], int]:
        """Return the events that have come, and how many were superseded before; forget them."""
        with self._lock:
            events, dropped = list(self._events), self._dropped
            self._events.clear()
            self._dropped = 0
        return events, dropped

    def end(self) -> None:
        """Take no event any more."""
        super().end()
        self.take()

    def begin(self) -> None:
        """Find out which events there are, and subscribe; called in the thread of the subscriber."""
        for kind in _AUTO if self.wanted == "auto" else (self.wanted,):
            if kind == "periodic" and _NOT_POLLED in self.problem:
                continue
            self.problem = self.subscribe(self.name, library.EVENT_TYPES[kind])
            if not self.problem:
                self.kind = kind
                break
        _log.debug("%s: %s", self.link.name, f"{self.kind} events" if self.kind else f"no events: {self.problem}")
        self.link.inbox.post(self.link.picked, self)


class Subscriber:
    """The thread in which events are subscribed; it ends when there is nothing to do."""

    def __init__(self) -> None:
        #: what is to be subscribed: first what tells of labels, which each use has to ask for until then.
        self._labels: deque[Subscription] = deque()
        #: then what somebody waits for.
        self._feeds: deque[Subscription] = deque()
        self._watches: deque[Subscription] = deque()
        self._ended: deque[Subscription] = deque()
        #: those whose device was busy, and when they are tried again.
        self._again: deque[tuple[float, Subscription]] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def start(self, watch: Subscription) -> None:
        """Subscribe to the events of an attribute, or to what a device says of itself."""
        self._add(self._jobs_of(watch), watch)

    def stop(self, watch: Subscription) -> None:
        """Give events up."""
        watch.end()
        self._add(self._ended, watch)

    def close(self, timeout_s: float) -> None:
        """Give up what was asked to be given up, and end the thread; wait for it, but not longer than this."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)

    def _add(self, jobs: "deque[Subscription]", watch: Subscription) -> None:
        with self._changed:
            jobs.append(watch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="Tango events", daemon=True)
                self._thread.start()
            else:
                self._changed.notify()

    def _jobs_of(self, watch: Subscription) -> "deque[Subscription]":
        if isinstance(watch, Feed):
            return self._feeds
        return self._labels if isinstance(watch, Watch) else self._watches

    def _run(self) -> None:
        with calling():
            while True:
                with self._changed:
                    watch = self._next()
                    if watch is None:
                        self._thread = None
                        return
                try:
                    if not watch.ended:
                        watch.begin()
                    else:
                        _give_up(watch)
                except faults.BusyError as error:
                    _log.debug("%s: no events yet: %s", watch.where, error)
                    with self._changed:
                        self._again.append((time.monotonic() + AGAIN_S, watch))
                except Exception:  # noqa: BLE001  # the others must be served
                    _log.exception("while subscribing to %s", watch.where)

    def _next(self) -> Subscription | None:
        """Return what is to be subscribed, or given up; None: nothing for a while."""
        idle_at = time.monotonic() + IDLE_S
        while not (self._closed or self._feeds or self._labels or self._watches or self._ended):
            left_s = (self._again[0][0] if self._again else idle_at) - time.monotonic()
            if left_s > 0:
                self._changed.wait(left_s)
            elif self._again:
                _, watch = self._again.popleft()
                self._jobs_of(watch).append(watch)
            else:
                break
        waiting = (self._ended,) if self._closed else (self._labels, self._feeds, self._ended, self._watches)
        return next((jobs.popleft() for jobs in waiting if jobs), None)


def _give_up(watch: Subscription) -> None:
    while watch.numbers:
        try:
            with FLOW.held_up():
                watch.session.main.unsubscribe_event(watch.numbers.pop())
        except DevFailed as error:
            _log.debug("%s: %s", watch.where, faults.words(error))
