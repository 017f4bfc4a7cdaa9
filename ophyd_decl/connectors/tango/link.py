"""One attribute or command of a Tango device: how its updates come, and from when on they can be trusted."""

import logging
import math
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import ReadError, SignalError
from ...vocab.keywords import Events
from ..inbox import Inbox
from ..link import QUEUE_LIMIT, RawUpdate, Served, make_room
from ..linked_channel import LinkedChannel
from ..protocol import PLAIN, Use
from . import faults
from .attributes import differ
from .events import CONFIRM_S, Feed, Watch
from .flow import FLOW
from .library import DevFailed
from .member import MemberLink
from .session import Session

_log = logging.getLogger("ophyd_decl.connectors.tango")

if TYPE_CHECKING:
    from .connector import TangoConnector
    from .device import TangoDevice

#: Time between reads of an attribute of which the server sends no events, in s, unless the file says another.
POLL_S = 0.25
#: How long the first value is awaited from the events before it is read, in s; where every update is wanted, longer.
FIRST_S, FIRST_OF_ALL_S = 0.25, 2.0
#: For how many periods what was read last is taken for the value now, where no events come.
PERIODS = 2
POLLED = "polled"


class TangoLink(MemberLink):
    """One attribute or command; see `link.Link`.

    :param member: its name on the device.
    :param use: whether it is a command, which events are wanted, and the time between reads where there are none.
    """

    events: Events = "auto"
    poll_s = POLL_S
    #: how many events were delivered, by which a value that was read meanwhile is known to be older.
    events_seen = 0
    #: why no events come, once that was found out in this session.
    no_events = ""
    _feed: Feed | None = None
    _watch: Watch | None = None
    _failed = False
    #: from when on no event was lost, on the clock of `time.monotonic`; inf: events have not begun.
    _flows_from = math.inf
    #: when the value that was delivered last was known to be that of the device.
    _sure_at = -math.inf
    #: whether another one was read since, which the monitors have not been told of.
    _told_another = False
    #: when the labels were compared last, in this generation.
    _labels_at = -math.inf
    #: events whose labels are still to be compared, and when they came.
    _unproven: tuple[tuple[float, RawUpdate], ...] = ()
    _is_unwatched_told = False
    #: who waits to hear which events come; None until somebody does.
    _until_picked: dict[object, Callable[[], None]] | None = None

    def __init__(
        self,
        key: object,
        name: str,
        inbox: Inbox,
        connector: "TangoConnector",
        device: "TangoDevice",
        member: str,
        use: Use,
    ) -> None:
        # All that its bases would set one by one: thousands are made while a beamline connects.
        self.key, self.name, self.inbox, self.connector, self.device, self.member = (
            key, name, inbox, connector, device, member,
        )  # fmt: skip
        if use is PLAIN:
            return
        if use.command:
            self.is_command = True
            self.kind = "command"
        self.events = use.events
        if use.poll_s is not None:
            self.poll_s = use.poll_s

    # What the base asks for.

    @property
    def overtaken_at(self) -> float:
        """Return the time before which what was delivered may be old by now; see `protocol.Channel`."""
        if self.asks_labels:
            return math.inf
        if self._feed is not None:
            return math.inf if self._is_untold(self.connector.liveness_s) else max(self._flows_from, FLOW.overtaken_at)
        oldest = time.monotonic() - PERIODS * self.poll_s
        return -math.inf if self._sure_at > oldest else oldest

    def stop(self) -> None:
        """Give up everything."""
        self.connector.poller.remove(self)
        super().stop()

    def subscribe(self) -> None:
        """Read the value now, and have further ones come by events, or by reads."""
        self._failed = False
        if self._feed is not None or self.no_events or self.events == "none":
            self.device.read_soon(self)
        if self.events == "none" or (self.no_events and self.events == "auto"):
            self._poll()
        elif self.no_events:
            self._refuse_monitors()
        elif self._feed is None and self.device.session is not None:
            self._start_feed(self.device.session)
            # The first value is that with which the events begin, so that no change is missed in between.
            self.connector.later.call(FIRST_OF_ALL_S if self.all_updates else FIRST_S, self._begin_without)
        elif self._feed is not None and not self._feed.kind:
            self._begin_without()

    def pick(self, key: object, callback: Callable[[], None]) -> None:
        """Find out which events come, and call back; without a monitor their values are not delivered."""
        if self._feed is None and not self.no_events and self.events != "none" and self.device.session is not None:
            self._start_feed(self.device.session)
        if self._feed is not None and not self._feed.kind:
            if self._until_picked is None:
                self._until_picked = {}
            self._until_picked[key] = callback
            return
        if self._feed is None and self.events in ("none", "auto"):
            self.updates = self._polled
        callback()

    def forget_pick(self, key: object) -> None:
        """Do not call back under this key."""
        if self._until_picked is not None:
            self._until_picked.pop(key, None)

    def no_events_of(self, channel: LinkedChannel) -> SignalError:
        """Return the error of a channel whose events the server does not send."""
        return ReadError(
            f"the device sends no {self.events} events of it",
            source=channel.source,
            expected=f"events: {self.events}",
            found=self.no_events,
            help="have the server poll it, or push events; or declare `events: auto`, which falls back to reads",
        )

    def unsubscribe(self) -> None:
        """Deliver nothing more. The events go on for this session: Tango complains of those that it cannot stop."""
        self.connector.poller.remove(self)
        if self._feed is not None:
            self._feed.take()

    def add_monitor(self, monitor: Any) -> None:
        """Deliver to this monitor, and make room in the queue for one that wants every update."""
        now = time.monotonic()
        if self.subscribed and (self._is_untold(self.connector.liveness_s) or self._sure_at <= self.overtaken_at < now):
            self.last = None  # it may be another by now, and would come as if it were that of now
            self.device.read_soon(self, quiet=True)
        super().add_monitor(monitor)
        if self._feed is not None and self.all_updates:
            self._feed.limit = QUEUE_LIMIT

    def heard(self) -> None:
        """Note that the server gave a value now."""
        super().heard()
        self.device.heard()

    # Labels.

    @property
    def asks_labels(self) -> bool:
        """Return whether the labels have to be asked for with a use: nobody may have told that they are others by now.

        A server that takes an attribute away and adds it with others, in one go, never tells; so they are known for
        the time of liveness only.
        """
        if not self.has_labels:
            return False
        watch = self._watch
        stands_from = math.inf if watch is None else watch.stands_from
        return self._labels_at <= max(stands_from, FLOW.overtaken_at, time.monotonic() - self.connector.liveness_s)

    def described(self, served: Served) -> None:
        """Begin a generation; its labels may have changed since they were told, and its configuration meanwhile."""
        if self.generation:
            self._labels_at = -math.inf
            self._unproven = ()
        super().described(served)
        if self._told is not None:
            told, self._told = self._told, None
            self.reconfigured(told)

    def compare(self, info: Any, asked_at: float) -> None:
        """Take note of a configuration that was asked for; the generation ends if it is another one.

        :param asked_at: on the clock of `time.monotonic`.
        """
        self.reconfigured(info, told=False)
        if self.phase == "ready" and self.has_labels:
            self._labels_at = max(asked_at, self._labels_at)

    def tell_unwatched(self, problem: str) -> None:
        """Say once that no server tells of new labels; called in the thread of the subscriber."""
        if not self._is_unwatched_told:
            self._is_unwatched_told = True
            _log.warning(
                "%s: the device does not tell when its labels change, so each read and each write asks for them, which "
                "is slower: %s",
                self.name,
                problem,
            )

    # Updates.

    def picked(self, feed: Feed) -> None:
        """Take note of which events come, or that none do."""
        if feed is not self._feed:
            return
        self.no_events = feed.problem
        if feed.kind:
            self.updates = feed.kind
            self.connector.poller.remove(self)
            self._flows_from = time.monotonic() + CONFIRM_S
            self.connector.later.call(CONFIRM_S, partial(self._confirm, feed))
        else:
            self._feed = None
            if self.events == "auto":
                self.updates = self._polled
            if self.subscribed:
                self._go_without()
        self._tell_picked()

    def watch(self, session: Session) -> None:
        """Have the server tell when the labels change, which are to be known at once."""
        if self._watch is None and self.phase == "ready" and self.has_labels:
            self._watch = Watch(self, session, self.spelled)
            self.connector.subscriber.start(self._watch)

    def watched(self, watch: Watch) -> None:
        """Have the configuration compared once more when its events stand, since one may have changed before."""
        if watch is self._watch:
            self.device.compare_from(watch.stands_from)

    def end_events(self) -> None:
        """Give up the events of this session."""
        feed, self._feed = self._feed, None
        watch, self._watch = self._watch, None
        self.no_events = self.updates = ""
        self._flows_from, self._sure_at = math.inf, -math.inf
        for ended in (feed, watch):
            if ended is not None:
                self.connector.subscriber.stop(ended)
        self._tell_picked()

    def drain(self, feed: Feed) -> None:
        """Deliver the events that have come."""
        events, dropped = feed.take()
        if feed is not self._feed or not self.subscribed or self.phase != "ready":
            return
        if dropped:
            self.dropped += dropped
        updates: list[RawUpdate] = []
        for event in events:
            if feed.kind == "data_ready" or (self.events == "data_ready" and not event.err):
                self.device.read_soon(self)
                continue
            try:
                if event.err:
                    raise DevFailed(*event.errors)
                update = self.attribute.update(event.attr_value)
                # The first event repeats the value now, which was read before; periodic ones repeat it for ever.
                again = feed.begins or feed.kind == "periodic"
                feed.begins = False
                before = updates[-1] if updates else self.last
                if again and before is not None and not self._is_new(before, update):
                    self._sure_at = time.monotonic()
                    self.heard()
                else:
                    updates.append(update)
            except Exception as error:  # noqa: BLE001  # the monitors are told
                self._deliver(updates)
                updates = []
                self._unproven = ()
                if faults.is_gap(error):
                    self.device.read_soon(self)
                else:
                    self.read_failed(error)
        if updates and self.asks_labels:
            now = time.monotonic()
            kept = -feed.limit if self.all_updates else -1
            self._unproven = (*self._unproven, *((now, update) for update in updates))[kept:]
            self.device.read_soon(self)
        else:
            self._deliver(updates)

    def was_read(self, seen: int, reading: Any, asked_at: float) -> None:
        """Deliver a value that was read, unless an event has come since, or nothing is new.

        :param asked_at: when it was asked for, on the clock of `time.monotonic`.
        """
        if not self.subscribed or self.phase != "ready":
            return
        if self._unproven:
            self._deliver_proven()
        if seen != self.events_seen:
            return
        try:
            update = self.attribute.update(reading)
        except Exception as error:  # noqa: BLE001  # the monitors are told
            self.read_failed(error)
            return
        self._sure_at = asked_at
        if self.last is None or self._is_new(self.last, update):
            self._failed = self._told_another = False
            self.deliver([update])
        else:
            self.heard()

    def _deliver_proven(self) -> None:
        """Deliver the events that came before the labels were compared."""
        until = self._labels_at if self.asks_labels else math.inf
        proven = [update for came_at, update in self._unproven if came_at < until]
        self._unproven = self._unproven[len(proven) :]
        self._deliver(proven)
        if self._unproven:
            self.device.read_soon(self)

    def was_read_beside(self, update: RawUpdate) -> None:
        """Take note of a value that somebody has read, and may take for that of now until the next is delivered."""
        last = self.last
        if last is not None and last[1] != update[1] and differ(last, update):
            self._told_another = True

    def catch_up(self, unless_s: float) -> None:
        """Read in the place of the events that cannot come now, were too many, or lost; that it fails is nothing new.

        :param unless_s: unless its value was known within this time.
        """
        has_events = self.subscribed and self.phase == "ready" and self._feed is not None and self._feed.kind
        if has_events and (not unless_s or self._is_untold(unless_s)):
            self.device.read_soon(self, quiet=True)

    def _is_untold(self, within_s: float) -> bool:
        """Return whether a change may have been lost: no event came within this time, and it was not read.

        An attribute whose device says when there is something new to read is taken at its word.
        """
        if self._feed is None or self._feed.kind == "data_ready":
            return False
        return self._sure_at <= time.monotonic() - within_s

    def read_failed(self, error: Exception) -> None:
        """Tell the monitors that there is no value; once for one that stays away."""
        if not self._failed:
            self._failed = True
            for monitor in self.monitors:
                monitor.fail(faults.no_value(error, monitor.channel))

    def _deliver(self, updates: list[RawUpdate]) -> None:
        if updates:
            self.events_seen += 1
            self._failed = self._told_another = False
            self._sure_at = time.monotonic()
            self.deliver(updates)

    def _is_new(self, before: RawUpdate, update: RawUpdate) -> bool:
        return self._failed or self._told_another or differ(before, update)

    def _tell_picked(self) -> None:
        if self._until_picked:
            callbacks, self._until_picked = self._until_picked, None
            for callback in callbacks.values():
                callback()

    def _begin_without(self) -> None:
        """Read, since the events have not begun yet."""
        if not self.subscribed or self.phase != "ready":
            return
        if self.last is None:
            self.device.read_soon(self)
        if self.events == "auto" and self._feed is not None and not self._feed.kind:
            self.connector.poller.add(self)

    def _start_feed(self, session: Session) -> None:
        limit = QUEUE_LIMIT if self.all_updates else 1
        self._feed = Feed(self, session, self.spelled, self.events, limit)
        self.connector.subscriber.start(self._feed)

    def _go_without(self) -> None:
        """Read again and again, or refuse, since the events that are wanted do not come."""
        if self.last is None:
            self.device.read_soon(self)
        if self.events == "auto":
            self._poll()
        else:
            self._refuse_monitors()

    @property
    def _polled(self) -> str:
        return f"{POLLED} every {self.poll_s:g} s"

    def _confirm(self, feed: Feed) -> None:
        """Read once, if the events that began a moment ago are still wanted."""
        if feed is self._feed and self.subscribed and self.phase == "ready":
            self.device.read_soon(self)

    def _poll(self) -> None:
        self.updates = self._polled
        self.connector.poller.add(self)

    def _refuse_monitors(self) -> None:
        for monitor in self.monitors:
            monitor.fail(self.no_events_of(monitor.channel))


make_room(
    TangoLink, "connector", "device", "member", "info", "attribute", "_spelled", "monitors", "subscribed", "last",
    "updates", "events_seen", "_feed", "_watch", "_flows_from", "_sure_at", "no_events", "_failed", "_told_another",
)  # fmt: skip
