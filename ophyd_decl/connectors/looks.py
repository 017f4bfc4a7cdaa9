"""When the completion of a put is believed: the record that was written must not be disabled (decision 0014).

A record that is disabled (DISA equals DISV) keeps a value that is put to it and processes nothing, and its server
reports completion. Its alarm status says DISABLE from then on, whatever its severity. So a look at the alarm follows
each put on the same connection, without waiting for it: servers do one thing after the other. What it tells is not
believed

- if it says DISABLE: a record that was enabled since says so until it has been processed;
- if completion came a while after it: the put may have waited behind another one, and have met the record disabled;
- if less is there than was sent: a server whose puts are handled by a program of its own has answered the look first.

Then the alarm is looked at again, after the completion.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from ..errors import NotProcessedError, NotTakenError, PutLostError, PutTimeoutError, SignalError
from ..vocab.readings import Reading
from .linked_channel import LinkedChannel

#: Alarm status of a record that is disabled (menuAlarmStat of EPICS base), and its name.
DISABLE_STATUS = 18
DISABLE_MESSAGE = "DISABLE"
#: A completion that arrives within this time after the look, in s, belongs to the processing that the put itself has
#: caused. Arrivals are compared, and not the time since the put: in a burst of puts it is we who take the time.
PROMPT_S = 0.01
#: How long after a look that said DISABLE the last one follows, in s: for gateways, which hear of an alarm later.
AGAIN_S = 0.1
#: How long after the deadline of a put, which was kept, an answer may come, in s.
GRACE_S = 1.0

RIGHTS_HELP = "the access security of the IOC forbids it: see ASG of the record, and its rules for this user and host"


class Seen(NamedTuple):
    """What a look behind a completion tells where it asks for all: the reading, and when it was asked for."""

    reading: Reading
    asked_at: float


class Less(NamedTuple):
    """What a look tells where the beginning of a value is there only: the error, and the raw value that was sent."""

    error: NotTakenError
    sent: Any


#: What a look tells: True is disabled; False, that it was not when the look was answered; None, that there is nothing
#: to look for any more; an error is what became of the put.
Look = bool | SignalError | Less | Seen | None
#: Looks until the deadline at the records of these puts, and whether they have these raw values, where they are given.
LookAt = Callable[[Sequence[tuple[int, Any]], float], Awaitable[list[Any]]]


def processes(name: str) -> bool:
    """Return whether a put to this PV is there to process its record, as far as the name tells.

    Most other fields are only stored: they can be written whether the record is disabled or not, and one of them
    enables it.
    """
    return name.partition(".")[2] in ("", "VAL", "VAL$", "PROC")


def disabled(channel: LinkedChannel) -> NotProcessedError:
    """Return the error of a put that a disabled record has kept."""
    return NotProcessedError(
        "the server took the value and processed nothing, since the record is disabled (its alarm status is DISABLE)",
        source=channel.source,
        help="its DISA equals its DISV: see what SDIS of the record points to, or set DISA",
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


def look_late(channel: LinkedChannel) -> PutTimeoutError:
    """Return the error of a put that was completed, and whose look was not answered."""
    problem = "its completion arrived, but the server did not say in time whether the record is disabled"
    return PutTimeoutError(problem, source=channel.source)


def look_lost(channel: LinkedChannel) -> PutLostError:
    """Return the error of a put that was completed, and whose look the connection did not survive."""
    problem = "its completion arrived, then the connection closed: nobody knows whether the record is disabled"
    return PutLostError(problem, source=channel.source)


def kept_less(channel: LinkedChannel, sent: Any, found: Any) -> Less | None:
    """Return what to say of an array, a text, or a table of which the server has kept the beginning only."""
    error = _kept_less(channel, sent, found)
    return None if error is None else Less(error, sent)


def _kept_less(channel: LinkedChannel, sent: Any, found: Any) -> NotTakenError | None:
    if isinstance(sent, Mapping):
        columns = cast(Mapping[str, Any], sent)
        return next(filter(None, (_kept_less(channel, columns[name], found[name]) for name in columns)), None)
    if len(found) >= len(sent) or not np.array_equal(sent[: len(found)], found):
        return None
    unit, help = ("characters", "shorten it") if isinstance(sent, str) else ("elements", "declare the size in `shape`")
    problem = f"the server kept the first {len(found)} of {len(sent)} {unit}"
    return NotTakenError(problem, source=channel.source, help=help)


def without_doubt(look: Look, completed_at: float | None, looked_at: float) -> Look:
    """Return what a look tells of a put, once both have been answered.

    :param completed_at: when the completion arrived, on the clock of `time.monotonic`; None: not yet.
    :param looked_at: when the answer to the look did.
    """
    prompt = completed_at is not None and completed_at - looked_at <= PROMPT_S
    return None if look is False and prompt else look


async def believe(
    outcomes: list[Any],
    looks: Sequence[Look],
    channels: Sequence[LinkedChannel],
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
    doubtful: dict[int, Look] = {}
    for index, look in enumerate(looks):
        if outcomes[index] is None and look is not None:
            if isinstance(look, SignalError):
                outcomes[index] = look
            else:
                doubtful[index] = look
    for pause_s in (0.0, AGAIN_S):
        if not doubtful:
            break
        if pause_s:
            await asyncio.sleep(pause_s)
        compared = [(index, look.sent if isinstance(look, Less) else None) for index, look in doubtful.items()]
        again = await look_at(compared, max(deadline, time.monotonic() + GRACE_S))
        still: dict[int, Look] = {}
        for index, look in zip(doubtful, again, strict=True):
            if isinstance(look, SignalError):
                outcomes[index] = look
            elif isinstance(look, Seen):
                wanted = seen[index]
                if wanted is not None:
                    wanted(look.reading, look.asked_at)
            elif look:
                still[index] = look
        doubtful = still
    for index, look in doubtful.items():
        outcomes[index] = look.error if isinstance(look, Less) else disabled(channels[index])
    return outcomes
