"""What a connector is: bulk connect, read, put and monitor over channels, with one outcome for each request.

Rules that every connector keeps, and that `tests/contract` checks on each of them:

1. Bulk first. `connect`, `read` and `put` take many requests and return one outcome each, in order. No task, timer or
   thread for a single request: one future, one wake and one timer serve a batch.
2. An outcome is a value or an error of `ophyd_decl.errors` (source filled in, signal not); nothing is raised but
   `asyncio.CancelledError`. Cancelling leaves nothing behind.
3. A deadline is absolute, on the clock of `time.monotonic`.
4. A channel that reconnects is a new generation: its description is fetched again and given to `check` before any
   value is delivered or any put accepted. If `check` returns an error, that error is the outcome of every request.
5. Listeners are called on the bound loop, with the newest reading of a burst (`all_updates=False`) or with every one.
   The loop is woken once for a burst. A lost connection is delivered as `DisconnectedError` within 1 s.
6. A server that says nothing for `liveness_s` counts as gone: its channels are closed and listeners are told, though
   the connection may stand; it is asked, so that one which has nothing to say is not taken for it. Its return is a
   new generation; what was asked meanwhile waits for it until its deadline, or ends at once.
7. `bind` moves delivery to another loop; the caller makes sure that no request is in flight.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from ..errors import SignalError
from ..vocab.datatypes import Datatype, NativeType
from ..vocab.keywords import Events
from ..vocab.readings import Limits, Reading

#: `describing`: the server is asked anew what it serves, since that has changed, or the connection is back.
ChannelState = Literal["new", "connected", "describing", "closed"]


@dataclass(frozen=True, slots=True)
class Description:
    """What a server says about one address.

    :param native: its type there.
    :param limits: of a write (EPICS control limits, Tango min/max value); None where it has none (EPICS 0/0).
    :param alarm: outside of it the server calls the value an alarm; None where it does not say.
    :param warning: outside of it the server warns of the value; None where it does not say.
    :param returns: of a command: the type of what it returns; None: nothing, or the protocol does not tell.
    :param display: what the server suggests to show, as the scale of a plot; None where it does not say.
    :param units: None where the server gives none; "" where it gives an empty one.
    :param choices: labels in use for this signal, in order: declared ones, else the server's.
    :param shape: of the value now, for data keys; empty for a scalar.
    :param dtype_numpy: numpy type string of one element, for data keys (`<f8`, `|S40`).
    :param readable: access right at this moment.
    :param writable: access right at this moment; True where the protocol tells it only by refusing.
    :param host: `name:port` of the server, empty where unknown.
    :param exact_below: whole numbers from this one on are rounded by the protocol, so they are errors; None where it
        carries all that the declared dtype holds.
    """

    native: NativeType
    dtype_numpy: Any
    shape: tuple[int, ...] = ()
    units: str | None = None
    precision: int | None = None
    limits: Limits | None = None
    choices: tuple[str, ...] = ()
    readable: bool = True
    writable: bool = True
    host: str = ""
    exact_below: int | None = None
    alarm: Limits | None = None
    warning: Limits | None = None
    display: Limits | None = None
    returns: NativeType | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """What is wanted of an address beside its dtype; a protocol that does not know of it leaves it alone.

    :param events: which updates a monitor gets (Tango).
    :param poll_s: time between reads for a monitor where the server sends nothing, in s; None: as the connector likes.
    :param command: it is a command, which a put executes (Tango).
    :param argument: what the command takes; None: nothing.
    :param returns: what the command returns; None: what it returns is not wanted.
    """

    events: Events = "auto"
    poll_s: float | None = None
    command: bool = False
    argument: Datatype | None = None
    returns: Datatype | None = None


PLAIN = Use()

Check = Callable[[Description], SignalError | None]


class Channel(Protocol):
    """One use of an address, with its dtype and its check; the connection is shared with the other uses."""

    @property
    def source(self) -> str:
        """Return the address with its scheme."""
        ...

    @property
    def state(self) -> ChannelState:
        """Return whether it was ever connected, and is now."""
        ...

    @property
    def generation(self) -> int:
        """Return how often it connected."""
        ...

    @property
    def description(self) -> Description | None:
        """Return what the server said in this generation; None before the first connection."""
        ...

    @property
    def usable(self) -> Description | None:
        """Return what the server said, where the channel is connected and not refused, so that it can be used now."""
        ...

    @property
    def failure(self) -> SignalError | None:
        """Return why it is refused in this generation, or None."""
        ...

    @property
    def trouble(self) -> str:
        """Return why it is closed, as far as is known: a clause."""
        ...

    @property
    def alive_at(self) -> float | None:
        """Return when its server was last known to live, on the clock of `time.monotonic`; None while it is away."""
        ...

    @property
    def overtaken_at(self) -> float:
        """Return the time, on the clock of `time.monotonic`, before which what was delivered may be old by now.

        -inf where updates always come; inf while they cannot, though the server lives (Tango; decision 0017).
        """
        ...

    @property
    def dropped(self) -> int:
        """Return how many updates were superseded in our own queue before a listener saw them.

        Those that a server, or its client library, has made into one are not in it: nobody says how many they were.
        """
        ...

    @property
    def updates(self) -> str:
        """Return how updates come, where the protocol knows several ways and one was taken; else empty."""
        ...


class ReadRequest(NamedTuple):
    """One read; with `setpoint` of what was written last, where the protocol tells that beside the value (Tango)."""

    channel: Channel
    deadline: float
    setpoint: bool = False


@dataclass(frozen=True, slots=True)
class PutRequest:
    """One put.

    :param value: in the declared dtype; enums are labels.
    :param wait: whether the outcome is the completion.
    :param forbids: asked about the value where it has waited for a new connection, in which units, limits and rights
        may be others; an error is the outcome, and nothing is sent.
    :param seen: given the value as it was after the completion, and when it was asked for on the clock of
        `time.monotonic`, where the connector has to look at it behind the put anyway; some never do.
    """

    channel: Channel
    value: Any
    wait: bool
    deadline: float
    forbids: Callable[[Any], SignalError | None] | None = None
    seen: Callable[[Reading, float], None] | None = None


Update = Reading | SignalError
Listener = Callable[[Update], None]


class Monitor(Protocol):
    """A running subscription."""

    def close(self) -> None:
        """End it; the listener is not called any more. Closing twice is allowed."""
        ...


class Connector(Protocol):
    """One way to reach a control system.

    `liveness_s` is how long a server may say nothing before its channels are closed; to be set before the first use.
    """

    liveness_s: float

    @property
    def protocol(self) -> str:
        """Return the scheme of its addresses."""
        ...

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Deliver on this loop from now on."""
        ...

    def channel(self, address: str, datatype: Datatype, check: Check | None = None, use: Use = PLAIN) -> Channel:
        """Return a new channel, for one use of this address; does no I/O.

        :param address: without scheme (Tango: the whole TRL).
        :param check: asked at each generation. Each use has its own, and only that use is refused by it.
        :param use: what else is wanted of it.
        """
        ...

    def check_again(self, channel: Channel) -> None:
        """Ask the check of a channel anew, since what it depends on has changed; its updates end or begin by that."""
        ...

    def release(self, channel: Channel) -> None:
        """Give up this use and its monitors; the last use of an address closes it."""
        ...

    async def connect(self, channels: Sequence[Channel], deadline: float) -> list[Description | SignalError]:
        """Search all at once and return what their servers say; an unanswered one gives `AbsentError`."""
        ...

    async def read(self, requests: Sequence[ReadRequest]) -> list[Reading | SignalError]:
        """Return fresh values, in one round trip where the protocol can."""
        ...

    async def put(self, requests: Sequence[PutRequest]) -> list[SignalError | None]:
        """Write all at once; None is: done, and completed where `wait` asked for it."""
        ...

    async def execute(self, requests: Sequence[PutRequest]) -> list[Any]:
        """Execute commands, as `put` writes; an outcome is what the command returned, None for nothing, or an error."""
        ...

    def monitor(self, channel: Channel, listener: Listener, *, all_updates: bool = False) -> Monitor:
        """Call `listener` with the value now, and at each change, and with the error when the connection breaks."""
        ...

    async def pick(self, channels: Sequence[Channel], deadline: float) -> list[SignalError | None]:
        """Find out how updates of each would come, which its `updates` says then; an error is: not as is wanted."""
        ...

    async def close(self) -> None:
        """Release everything that this connector opened."""
        ...
