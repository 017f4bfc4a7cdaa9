"""A connection to one address: its phases, its generations, and who must be told.

The state machine is the same for every protocol, and here it is written once; what differs (how to search, describe,
subscribe) is in the subclasses. A link lives on the loop thread only; it does no I/O itself.

    new ─► searching ─► describing ─► ready ─► down ─► describing …        any ─► released
"""

import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ..vocab.datatypes import Datatype, NativeType
from ..vocab.readings import Limits
from .inbox import Inbox
from .values import WireTraits

if TYPE_CHECKING:
    from .linked_channel import LinkedChannel
    from .linked_monitor import LinkedMonitor
    from .verdict import Family

_log = logging.getLogger("ophyd_decl.connectors")

Phase = Literal["new", "searching", "describing", "ready", "down", "released"]

#: One value as it came: raw value, timestamp in s since 1970, severity, alarm text.
RawUpdate = tuple[Any, float, int, str]
#: How many updates of one link wait for the loop, when every one of them is wanted.
QUEUE_LIMIT = 10_000
CLOSED = "the connection is closed"
#: How often it is said at most that updates of one link were lost, in s.
TELL_AGAIN_S = 10.0
#: What is said of an address that has never answered.
ABSENT = "nothing has answered to this address"


@dataclass(frozen=True, slots=True)
class Served:
    """What a server said when a link came up; `Description` is made from it for each channel."""

    native: NativeType
    traits: WireTraits = field(default_factory=WireTraits)
    units: str | None = None
    precision: int | None = None
    limits: Limits | None = None
    shape: tuple[int, ...] = ()
    readable: bool = True
    writable: bool = True
    host: str = ""
    alarm: Limits | None = None
    warning: Limits | None = None
    display: Limits | None = None
    returns: NativeType | None = None
    #: Declared type of channels that are alike, with the conversion and description that they have made of this.
    uses: list[tuple[Datatype, Any, Any]] = field(
        default_factory=list[tuple[Datatype, Any, Any]], init=False, compare=False, repr=False
    )


#: What links have set once they are connected and were read.
_IN_USE = (
    "key", "name", "inbox", "phase", "opened_at", "users", "served", "generation", "ready_at", "heard_at",
    "_until_ready",
)  # fmt: skip


class Waiting(Protocol):
    """What waits for many links."""

    def settle_ready(self, index: int) -> None:
        """Take note that the link is ready, or cannot be, which waits under this number."""
        ...


class Link(ABC):
    """One address, shared by all channels that use it.

    :param key: what its users have in common, as the connector keeps it.
    :param name: the address as the protocol knows it.
    :param inbox: brings events of the client library to the loop.
    """

    #: whether a put may be completed and not done, so that a look follows it; see `looks`.
    looked_at = False
    # What every link begins with: thousands of them are made at once, so each is given only what it has of its own.
    phase: Phase = "new"
    generation = 0
    #: how often the connection was lost: a generation may end while it stands.
    breaks = 0
    served: Served | None = None
    subscribed = False
    last: RawUpdate | None = None
    heard_at: float | None = None
    dropped = 0
    _dropped_before = 0
    _told_at = -TELL_AGAIN_S
    trouble = CLOSED
    absence = ABSENT
    updates = ""
    family: "Family | None" = None
    opened_at = ready_at = 0.0
    given_up = False
    users: "tuple[LinkedChannel, ...]" = ()
    monitors: "tuple[LinkedMonitor, ...]" = ()
    _until_ready: "tuple[tuple[Waiting, int], ...]" = ()
    _until_settled: dict[object, Callable[[], None]] | None = None

    def __init__(self, key: object, name: str, inbox: Inbox) -> None:
        self.key = key
        self.name = name
        self.inbox = inbox

    # What a protocol does.

    @abstractmethod
    def start(self) -> None:
        """Begin to search; `went_up` follows."""

    @abstractmethod
    def stop(self) -> None:
        """Give up the address and everything that belongs to it."""

    @abstractmethod
    def subscribe(self) -> None:
        """Begin to deliver updates; `all_updates` says whether every one is wanted."""

    @abstractmethod
    def unsubscribe(self) -> None:
        """Stop to deliver updates."""

    def native_for(self, datatype: Datatype) -> NativeType:
        """Return the served type as it is offered to this declaration."""
        del datatype
        return self._known().native

    # What users of the link do.

    def open(self) -> None:
        """Begin to search, unless that was done before."""
        if self.phase == "new":
            self.phase = "searching"
            self.opened_at = time.monotonic()
            self.start()
        elif self.phase == "searching":
            self.search_again()

    @property
    def is_completing(self) -> bool:
        """Return whether a put waits for its completion, and the server would complete the next one at once."""
        return False

    def when_completed(self, key: object, callback: Callable[[], None]) -> None:
        """Call back when no put is completing any more, or the connection is closed."""
        raise NotImplementedError

    def forget_completed(self, key: object) -> None:
        """Do not call back under this key."""
        raise NotImplementedError

    def ask_again(self) -> bool:
        """Ask what the server says of it now; who waits until it is settled is told then.

        :returns: whether there is anything to ask.
        """
        return False

    @property
    def meant(self) -> tuple[str, ...]:
        """Return the names of others which a put to this one may give another meaning."""
        return ()

    def search_again(self) -> None:  # noqa: B027  # most have nothing to do
        """Take note that somebody else wants what is searched; a search goes on by itself."""

    def release(self) -> None:
        """Close for good."""
        if self.phase != "released":
            started = self.phase != "new"
            self.phase = "released"
            self._close_subscription()
            if started:
                self.stop()
            self._tell_settled()

    def abandon(self) -> None:
        """Close for good, and tell nobody, since the interpreter ends."""
        self.monitors = ()
        self._until_ready = ()
        self._until_settled = None
        self.release()

    def when_ready(self, waiting: "Waiting", index: int) -> None:
        """Tell it under this number when the link is ready, however often it breaks before."""
        self._until_ready += ((waiting, index),)

    def when_settled(self, key: object, callback: Callable[[], None]) -> None:
        """Call back when the link is ready or broken."""
        if self._until_settled is None:
            self._until_settled = {}
        self._until_settled[key] = callback

    def forget(self, key: object) -> None:
        """Do not call back under this key."""
        if self._until_settled is not None:
            self._until_settled.pop(key, None)

    def forget_waiting(self, waiting: "Waiting") -> None:
        """Do not tell that the link is ready."""
        if not self._until_ready:
            return
        self._until_ready = tuple(other for other in self._until_ready if other[0] is not waiting)

    @property
    def all_updates(self) -> bool:
        """Return whether any monitor wants every update."""
        return any(monitor.all_updates for monitor in self.monitors)

    @property
    def alive_at(self) -> float | None:
        """Return when the server was last known to live, on the clock of `time.monotonic`; None if it is away."""
        return self.heard_at if self.phase == "ready" else None

    @property
    def overtaken_at(self) -> float:
        """Return the time before which what was delivered may be old by now; see `protocol.Channel`."""
        return -math.inf

    @property
    def is_asking(self) -> bool:
        """Return whether a server that is there is asked what it serves."""
        return self.phase == "describing" and self.trouble == CLOSED

    def add_monitor(self, monitor: "LinkedMonitor") -> None:
        """Deliver to this monitor: the value now, or what is wrong now, and all that follows."""
        self.monitors += (monitor,)
        self.open()
        if self.phase == "ready":
            if monitor.channel.failure is not None:
                self.inbox.post(monitor.fail, monitor.channel.unavailable())
            elif not self.subscribed:
                self.subscribed = True
                self.subscribe()
            elif self.last is not None:
                self.inbox.post(monitor.deliver, [self.last])
        elif self.phase == "down":
            self.inbox.post(monitor.fail, monitor.channel.unavailable())

    def remove_monitor(self, monitor: "LinkedMonitor") -> None:
        """Deliver no more to this monitor."""
        if monitor in self.monitors:
            self.monitors = tuple(other for other in self.monitors if other is not monitor)
            if not self.monitors:
                self._close_subscription()

    # What the client library tells, on the loop.

    def went_up(self) -> None:
        """Note that the server answered; nothing is accepted before `described`."""
        self.phase = "describing"

    def described(self, served: Served) -> None:
        """Begin a generation, whatever the phase was: ask every user's check, then let values and requests through."""
        self.served = served
        self.generation += 1
        self.phase = "ready"
        self.ready_at = time.monotonic()
        if self.trouble is not CLOSED:
            self.trouble = CLOSED
        if self.given_up:
            self.given_up = False
            _log.info("%s has answered after %.1f s, and can be used now", self.name, self.ready_at - self.opened_at)
        if self.family is not None:
            self.family.came_up(self)
        for user in self.users:
            user.validate()
        if self._until_ready:
            self._tell_waiting()
        if self._until_settled:
            self._tell_settled()
        if not self.monitors:
            return
        for monitor in self.monitors:
            if monitor.channel.failure is not None:
                monitor.fail(monitor.channel.unavailable())
        if not self.subscribed and any(m.channel.failure is None for m in self.monitors):
            self.subscribed = True
            self.subscribe()

    def check_again(self, user: "LinkedChannel") -> None:
        """Ask the check of one user anew, and tell its monitors if that changes whether it can be used."""
        if self.phase != "ready":
            return
        before = user.failure
        user.validate()
        after = user.failure
        monitors = [monitor for monitor in self.monitors if monitor.channel is user]
        if after is not None:
            if before is None or before.problem != after.problem:
                for monitor in monitors:
                    monitor.fail(user.unavailable())
        elif before is not None and monitors:
            if not self.subscribed:
                self.subscribed = True
                self.subscribe()
            elif self.last is not None:
                for monitor in monitors:
                    monitor.deliver([self.last])

    def begin_again(self) -> None:
        """End the generation though the connection stands, since what the server said is no longer true."""
        if self.phase == "ready":
            self.phase = "describing"
            self._close_subscription()

    def pause(self, trouble: str) -> None:
        """End the generation though the connection stands, since nobody knows whether the server lives."""
        if self.phase == "ready":
            self.trouble = trouble
            self.begin_again()
            for monitor in self.monitors:
                monitor.fail(monitor.channel.unavailable())

    def went_down(self, trouble: str = CLOSED) -> None:
        """End the generation, and say so to whoever waits or listens."""
        self.trouble = trouble
        if self.phase in ("released", "new", "searching", "down"):
            return
        self.breaks += 1
        was_described = self.generation > 0
        self.phase = "down" if was_described else "searching"
        self._close_subscription()
        self._tell_settled()
        if was_described:
            for monitor in self.monitors:
                monitor.fail(monitor.channel.unavailable())

    def rights_changed(self, readable: bool, writable: bool) -> None:
        """Note the access rights of this moment."""
        served = self.served
        if served is not None and (served.readable, served.writable) != (readable, writable):
            self.served = replace(served, readable=readable, writable=writable)
            for user in self.users:
                user.set_rights(readable, writable)

    def heard(self) -> None:
        """Note that the server gave a value now."""
        self.heard_at = time.monotonic()

    def deliver(self, updates: list[RawUpdate]) -> None:
        """Give updates of the subscription, oldest first, to every monitor."""
        if self.phase != "ready" or not updates:
            return
        self.last = updates[-1]
        self.heard()
        for monitor in self.monitors:
            monitor.deliver(updates)
        if self.dropped != self._dropped_before:
            self._tell_drops()

    def deliver_odd(self, error: Exception) -> None:
        """Tell every monitor of an update that is not what its type says."""
        for monitor in self.monitors:
            monitor.fail(monitor.channel.odd(error))

    def age(self) -> float | None:
        """Return how long ago the server gave a value, in s."""
        return None if self.heard_at is None else time.monotonic() - self.heard_at

    def _tell_drops(self) -> None:
        """Say that updates were lost, where every one was wanted: the newest value is right, but not what was before.

        Where only the newest of a burst is wanted, nothing is amiss, and they are counted only.
        """
        now = time.monotonic()
        if not self.all_updates:
            self._dropped_before = self.dropped
        elif now - self._told_at >= TELL_AGAIN_S:
            lost, self._dropped_before, self._told_at = self.dropped - self._dropped_before, self.dropped, now
            _log.warning(
                "%s: at least %d updates were lost, since they came faster than they were taken; "
                "a condition on it, or who observes it, may have missed a short change",
                self.name,
                lost,
            )

    def _known(self) -> Served:
        if self.served is None:
            raise RuntimeError(f"{self.name} was never described")
        return self.served

    def _close_subscription(self) -> None:
        self.last = None
        if self.subscribed:
            self.subscribed = False
            self.unsubscribe()

    def _tell_waiting(self) -> None:
        told, self._until_ready = self._until_ready, ()
        for waiting, index in told:
            waiting.settle_ready(index)

    def _tell_settled(self) -> None:
        if self._until_settled:
            callbacks, self._until_settled = self._until_settled, None
            for callback in callbacks.values():
                callback()


def make_room(kind: type[Link], *names: str) -> None:
    """Have links of a class keep what they set without a dictionary of their own, for which each has memory and time.

    All objects of a class share the names of their attributes, but only those names that one of the first few has set;
    links are made by the thousand before one of them is in use. So the first one of all sets everything here.
    Source: CPython 3.11, Objects/dictobject.c, `init_inline_values`.

    :param names: of attributes that links of this class have set when they are in use; with those of all at most 29.
    """
    first = kind.__new__(kind)
    for name in (*_IN_USE, *names):
        setattr(first, name, None)
