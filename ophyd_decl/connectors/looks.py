"""When the completion of a put is believed: its record must be enabled, and must have passed it on (decision 0014).

A record that is disabled (DISA equals DISV) keeps a value that is put to it and processes nothing, and its server
reports completion. Its alarm status says DISABLE from then on, whatever its severity. So a look at the alarm follows
each put on the same connection, without waiting for it: servers do one thing after the other. What it tells is not
believed

- if it says DISABLE: a record that was enabled since says so until it has been processed;
- if it says that the record could not pass its value on: that may be of the processing before;
- if completion came a while after it: the put may have waited behind another one, and have met the record disabled, or
  the device may have failed meanwhile;
- if something else is there than was sent: a put that waits, or that a program of its server handles, is done after
  the look was answered.

Then the alarm is looked at again, after the completion.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from ..errors import NotProcessedError, NotTakenError, PutLostError, PutTimeoutError, SignalError
from ..vocab.readings import Reading
from .kept import not_taken, same
from .link import Link
from .linked_channel import LinkedChannel

#: Alarm status of a record that is disabled (menuAlarmStat of EPICS base), and its name.
DISABLE_STATUS = 18
DISABLE_MESSAGE = "DISABLE"
#: Alarm statuses, with severity INVALID, of a record that could not pass its value on to its device, or by its link.
NOT_PASSED_ON = {2: "WRITE", 9: "COMM", 10: "TIMEOUT", 14: "LINK"}
#: A completion that arrives within this time after the look, in s, belongs to the processing that the look has found
#: ended: servers hand it to another thread, which takes 20 to 70 us, and so do the clients' libraries. Arrivals are
#: compared, and not the time since the put: in a burst of puts it is we who take the time.
PROMPT_S = 0.001
#: How long after a look that said DISABLE the last one follows, in s: for gateways, which hear of an alarm later.
AGAIN_S = 0.1
#: How long after the deadline of a put, which was kept, an answer may come, in s.
GRACE_S = 1.0

RIGHTS_HELP = "the access security of the IOC forbids it: see ASG of the record, and its rules for this user and host"


class Seen(NamedTuple):
    """What a look behind a completion tells where it asks for all: the reading, and when it was asked for."""

    reading: Reading
    asked_at: float


class Doubt(NamedTuple):
    """What a look tells where that decides nothing yet: the put is looked at again, after its completion.

    :param error: what became of the put, if a look says so then; None: nothing was wrong when this one was answered.
    :param sent: the raw value that is to be there then; None: no value is compared.
    """

    error: SignalError | None = None
    sent: Any = None


#: Nothing was wrong when the look was answered.
FINE = Doubt()
#: What a look tells: a doubt; all there is, where that was asked for; None, that there is nothing to look for any more;
#: an error is what became of the put.
Look = Doubt | Seen | SignalError | None


class LookRequest(NamedTuple):
    """One look behind a completion.

    :param number: of its outcome in the batch.
    :param sent: the raw value that is compared; None: none.
    :param wait: whether the put waited for its completion, so that the alarm behind it is that of its processing.
    """

    number: int
    channel: LinkedChannel
    sent: Any
    wait: bool


#: Looks until the deadline at the records of these puts, and whether they have these raw values, where they are given.
LookAt = Callable[[Sequence[tuple[int, Any]], float], Awaitable[list[Any]]]


def processes(name: str) -> bool:
    """Return whether a put to this PV is there to process its record, as far as the name tells.

    Most other fields are only stored: they can be written whether the record is disabled or not, and one of them
    enables it.
    """
    return name.partition(".")[2] in ("", "VAL", "VAL$", "PROC")


class RecordLink(Link):
    """A link to a field of a record, over Channel Access or pvAccess."""

    @property
    def meant(self) -> tuple[str, ...]:
        """Return the names of the value whose limits, unit or labels a put to this PV may change; none for a value."""
        record, _, field = self.name.partition(".")
        return (record, f"{record}.VAL") if field and not processes(self.name) else ()


def disabled(channel: LinkedChannel) -> NotProcessedError:
    """Return the error of a put that a disabled record has kept."""
    return NotProcessedError(
        "the server took the value and processed nothing, since the record is disabled (its alarm status is DISABLE)",
        source=channel.source,
        help="its DISA equals its DISV: see what SDIS of the record points to, or set DISA",
    )


def not_passed_on(channel: LinkedChannel, status: str) -> NotTakenError:
    """Return the error of a put whose value came as far as the record, and not to its device."""
    did = "was processed" if channel.link.name.endswith(".PROC") else "took the value"
    return NotTakenError(
        f"the record {did}, but could not pass it on: its alarm is {status}, INVALID",
        source=channel.source,
        help="see what OUT of the record points to, and whether its device answers",
    )


def refusal_help(disp: int | None) -> str:
    """Return what to do about a record that refused a put.

    :param disp: its DISP; None where that is not known.
    """
    if disp is None:
        return "look at the record: DISP=1, or a value that it does not take"
    if disp:
        return "the record takes no puts while its DISP is 1: ask who has set it, then set it to 0"
    return "its DISP is 0, so it is this value, or its field, that the record does not take"


def look_late(channel: LinkedChannel, allowed_s: float) -> PutTimeoutError:
    """Return the error of a put that was completed, and whose look was not answered in time."""
    return PutTimeoutError(
        f"its completion arrived, but the server did not say within {allowed_s:.1f} s whether the record is disabled",
        source=channel.source,
        help="read it to see whether it was done",
    )


def look_lost(channel: LinkedChannel) -> PutLostError:
    """Return the error of a put that was completed, and whose look the connection did not survive."""
    problem = "its completion arrived, then the connection closed: nobody knows whether the record is disabled"
    return PutLostError(problem, source=channel.source)


def compared(channel: LinkedChannel, sent: Any, found: Any) -> Doubt | None:
    """Return what to think of a value that is there after a put; None: it is what was sent.

    :param sent: raw value that was put.
    :param found: raw value of the server, see `kept`.
    """
    return None if same(sent, found) else Doubt(not_taken(channel, sent, found), sent)


def without_doubt(look: Look, completed_at: float | None, looked_at: float) -> Look:
    """Return what a look tells of a put, once both have been answered.

    :param completed_at: when the completion arrived, on the clock of `time.monotonic`; None: not yet.
    :param looked_at: when the answer to the look did.
    """
    prompt = completed_at is not None and completed_at - looked_at <= PROMPT_S
    return None if look is FINE and prompt else look


async def believe(
    outcomes: list[Any],
    looks: Sequence[Look],
    look_at: LookAt,
    seen: Sequence[Callable[[Reading, float], None] | None],
    deadline: float,
) -> list[Any]:
    """Return the outcomes of puts, with errors for those that were completed and not done.

    :param outcomes: of the puts themselves; errors of others are filled in.
    :param looks: what the look behind each of them told.
    :param look_at: looks again.
    :param seen: what wants the value that is looked at behind each put; None: nothing.
    :param deadline: of the last put; a look has a moment of its own where a completion came shortly before.
    """
    doubtful: dict[int, Doubt] = {}
    for index, look in enumerate(looks):
        if outcomes[index] is None:
            if isinstance(look, SignalError):
                outcomes[index] = look
            elif isinstance(look, Doubt):
                doubtful[index] = look
    for pause_s in (0.0, AGAIN_S):
        if not doubtful:
            break
        if pause_s:
            await asyncio.sleep(pause_s)
        wanted = [(index, doubt.sent) for index, doubt in doubtful.items()]
        again = await look_at(wanted, max(deadline, time.monotonic() + GRACE_S))
        still: dict[int, Doubt] = {}
        for index, look in zip(doubtful, again, strict=True):
            if isinstance(look, SignalError):
                outcomes[index] = look
            elif isinstance(look, Seen):
                see = seen[index]
                if see is not None:
                    see(look.reading, look.asked_at)
            elif look is not None and look.error is not None:
                still[index] = look
        doubtful = still
    for index, doubt in doubtful.items():
        outcomes[index] = doubt.error
    return outcomes
