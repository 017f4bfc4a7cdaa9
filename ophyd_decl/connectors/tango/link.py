"""One attribute or command of a Tango device: what it is in this generation, and how its updates come."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import ReadError, SignalError
from ...vocab.datatypes import NativeType
from ...vocab.keywords import Events
from ..inbox import Inbox
from ..link import ABSENT, QUEUE_LIMIT, Link, RawUpdate, Served
from ..linked_channel import LinkedChannel
from . import faults
from .attributes import Attribute, NoValueError
from .attributes import attribute as attribute_of
from .commands import CommandType
from .events import Feed, Watch
from .library import DevFailed
from .session import Session

if TYPE_CHECKING:
    from .connector import TangoConnector
    from .device import TangoDevice

#: Time between reads of an attribute of which the server sends no events, in s, unless the file says another.
POLL_S = 0.25
#: How long the first value is awaited from the events before it is read, in s; where every update is wanted, longer.
FIRST_S, FIRST_OF_ALL_S = 0.25, 2.0
#: What the server says when its own time without news has passed: it is known before, by the ping.
_EVENT_TIMEOUT = "API_EventTimeout"
POLLED = "polled"


class TangoLink(Link):
    """One attribute or command; see `link.Link`.

    :param member: its name on the device.
    :param events: which events are wanted.
    :param poll_s: time between reads where there are none.
    """

    attribute: Attribute
    command: CommandType

    def __init__(
        self,
        key: object,
        name: str,
        inbox: Inbox,
        connector: "TangoConnector",
        device: "TangoDevice",
        member: str,
        is_command: bool,
        events: Events,
        poll_s: float | None,
    ) -> None:
        super().__init__(key, name, inbox)
        self.connector = connector
        self.device = device
        self.member = member
        self.is_command = is_command
        self.events: Events = events
        self.poll_s = POLL_S if poll_s is None else poll_s
        self.missing = ""
        self.missing_help = ""
        #: how many events were delivered, by which a value that was read meanwhile is known to be older.
        self.events_seen = 0
        #: why no events come, once that was found out in this session.
        self.no_events = ""
        self._feed: Feed | None = None
        self._watch: Watch | None = None
        self._failed = False

    @property
    def alive_at(self) -> float | None:
        """Return when the server was last heard."""
        server = self.device.server
        return None if self.phase != "ready" or server is None else server.heard_at

    # What the base asks for.

    def open(self) -> None:
        """Begin to search; ask again for what was missing."""
        if self.missing and self.phase == "searching":
            self.missing = ""
            self.device.ask_soon()
        super().open()

    def start(self) -> None:
        """Have the device described."""
        self.device.add(self)

    def stop(self) -> None:
        """Give up everything."""
        self.end_events()
        self.connector.poller.remove(self)
        self.device.remove(self)

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
            limit = QUEUE_LIMIT if self.all_updates else 1
            self._feed = Feed(self, self.device.session, self.attribute.info.name, self.events, limit)
            self.connector.subscriber.start(self._feed)
            # The first value is that with which the events begin, so that no change is missed in between.
            self.connector.later.call(FIRST_OF_ALL_S if self.all_updates else FIRST_S, self._begin_without)
        elif self._feed is not None and not self._feed.kind:
            self._begin_without()

    def unsubscribe(self) -> None:
        """Deliver nothing more. The events go on for this session: Tango complains of those that it cannot stop."""
        self.connector.poller.remove(self)
        if self._feed is not None:
            self._feed.take()

    def add_monitor(self, monitor: Any) -> None:
        """Deliver to this monitor, and make room in the queue for one that wants every update."""
        super().add_monitor(monitor)
        if self._feed is not None and self.all_updates:
            self._feed.limit = QUEUE_LIMIT

    def heard(self) -> None:
        """Note that the server gave a value now."""
        super().heard()
        self.device.heard()

    # What the device was told of it.

    def configured(self, attribute: Attribute) -> None:
        """Begin a generation with the configuration of an attribute."""
        self.attribute = attribute
        self._begin(attribute.served)

    def described_as(self, command: CommandType, host: str) -> None:
        """Begin a generation with the types of a command."""
        self.command = command
        takes = command.takes.native or NativeType("unknown", detail="DevVoid")
        self._begin(Served(takes, host=host))

    def is_missing(self, problem: str, help: str) -> None:
        """Note that the device is there and does not have this; who waits is told at once."""
        self.missing, self.missing_help = problem, help
        self.absence = problem
        if self.phase == "describing":
            self.went_down(problem)
        self.trouble = problem
        self._call(self._until_ready)

    def reconfigured(self, info: Any) -> None:
        """Begin a new generation if the configuration is not what it was."""
        served = self.served
        if self.phase != "ready" or served is None:
            return
        if attribute_of(info, served.shape, served.host).served != served:
            self.begin_again()
            self.device.ask_soon()

    # Updates.

    def picked(self, feed: Feed) -> None:
        """Take note of which events come, or that none do."""
        if feed is not self._feed:
            return
        self.no_events = feed.problem
        if feed.kind:
            self.updates = feed.kind
            self.connector.poller.remove(self)
        else:
            self._feed = None
            if not self.subscribed:
                return
            if self.last is None:
                self.device.read_soon(self)
            if self.events == "auto":
                self._poll()
            else:
                self._refuse_monitors()

    def watch(self, session: Session) -> None:
        """Have the server tell when the configuration changes."""
        if self._watch is None and self.phase == "ready" and not self.is_command:
            self._watch = Watch(self, session, self.attribute.info.name)
            self.connector.subscriber.watch(self._watch)

    def end_events(self) -> None:
        """Give up the events of this session."""
        feed, self._feed = self._feed, None
        watch, self._watch = self._watch, None
        self.no_events = self.updates = ""
        for ended in (feed, watch):
            if ended is not None:
                self.connector.subscriber.stop(ended)

    def drain(self, feed: Feed) -> None:
        """Deliver the events that have come."""
        events, dropped = feed.take()
        if feed is not self._feed or not self.subscribed or self.phase != "ready":
            return
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
                if again and before is not None and not self._failed and not _differ(before, update):
                    self.heard()
                else:
                    updates.append(update)
            except Exception as error:  # noqa: BLE001  # the monitors are told
                if faults.reason(error) == _EVENT_TIMEOUT:
                    continue
                self._deliver(updates)
                updates = []
                self.read_failed(error)
        self._deliver(updates)

    def was_read(self, seen: int, reading: Any) -> None:
        """Deliver a value that was read, unless an event has come since, or nothing is new."""
        if not self.subscribed or self.phase != "ready" or seen != self.events_seen:
            return
        try:
            update = self.attribute.update(reading)
        except Exception as error:  # noqa: BLE001  # the monitors are told
            self.read_failed(error)
            return
        if self.last is None or self._failed or _differ(self.last, update):
            self._failed = False
            self.deliver([update])
        else:
            self.heard()

    def read_failed(self, error: Exception) -> None:
        """Tell the monitors that there is no value; once for one that stays away."""
        if not self._failed:
            self._failed = True
            for monitor in list(self.monitors):
                monitor.fail(no_value(error, monitor.channel))

    def _deliver(self, updates: list[RawUpdate]) -> None:
        if updates:
            self.events_seen += 1
            self._failed = False
            self.deliver(updates)

    def _begin(self, served: Served) -> None:
        self.missing = self.missing_help = ""
        self.absence = ABSENT
        self.went_up()
        self.described(served)

    def _begin_without(self) -> None:
        """Read, since the events have not begun yet."""
        if not self.subscribed or self.phase != "ready":
            return
        if self.last is None:
            self.device.read_soon(self)
        if self.events == "auto" and self._feed is not None and not self._feed.kind:
            self.connector.poller.add(self)

    def _poll(self) -> None:
        self.updates = f"{POLLED} every {self.poll_s:g} s"
        self.connector.poller.add(self)

    def _refuse_monitors(self) -> None:
        for monitor in list(self.monitors):
            error = ReadError(
                f"the device sends no {self.events} events of it: {self.no_events}",
                source=monitor.channel.source,
                help="have the server poll it, or push events; or declare `events: auto`, which falls back to reads",
            )
            monitor.fail(error)


class RefusedLink(Link):
    """What stands for an address that no device can have: it is never opened."""

    def start(self) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""

    def subscribe(self) -> None:
        """Do nothing."""

    def unsubscribe(self) -> None:
        """Do nothing."""


def no_value(error: Exception, channel: LinkedChannel) -> SignalError:
    """Return the error of an attribute that gave no value."""
    if isinstance(error, NoValueError):
        return ReadError(str(error), source=channel.source)
    return faults.read_fault(error, channel.source) if isinstance(error, DevFailed) else channel.odd(error)


def _differ(before: RawUpdate, after: RawUpdate) -> bool:
    if before[2:] != after[2:]:
        return True
    try:
        return not np.array_equal(before[0], after[0])
    except Exception:  # noqa: BLE001  # what cannot be compared is given once more
        return True
