"""What the alarm of a record says of a put over pvAccess, where it has a text and a class, and no status.

The text is the name of the status, unless the record has one of its own ("field OUT"), which tells nothing for sure.
Then STAT of the record is asked.
Source: `getTimeAlarm` of QSRV in pvxs (ioc/iocsource.cpp); EPICS 7 Normative Types Specification, alarm_t.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from ...errors import NotTakenError, SignalError
from ...vocab.datatypes import Datatype
from ..asking import ask
from ..linked_channel import LinkedChannel
from ..looks import DISABLE_MESSAGE, NOT_PASSED_ON, Doubt, disabled, not_passed_on
from ..protocol import PutRequest
from .library import Value

if TYPE_CHECKING:
    from .connector import PvaConnector

_INVALID = 3
#: Classes of alarms: of the device, of its driver, of the record; others are no failures of an output.
_FAILURES = (1, 2, 3)
_NAMES = frozenset(NOT_PASSED_ON.values())
#: The other names of statuses in these classes.
_OTHERS = frozenset(
    ("READ", "HIHI", "HIGH", "LOLO", "LOW", "STATE", "COS", "HWLIMIT", "UDF", "CALC", "SCAN", "SOFT", "BAD_SUB")
)


class UnnamedAlarmError(NotTakenError):
    """The record could not pass a value on, unless its status is one that says nothing of that."""


def doubt_of(channel: LinkedChannel, answer: Value, wait: bool, sent: Any) -> Doubt | None:
    """Return what the alarm makes doubtful of a put; None: nothing.

    :param wait: whether the put waited for its completion.
    :param sent: raw value that is to be compared when it is looked at again.
    """
    message: str = answer["alarm.message"]
    if message == DISABLE_MESSAGE:
        return Doubt(disabled(channel), sent)
    if not wait or answer["alarm.severity"] != _INVALID or message in _OTHERS:
        return None
    if message in _NAMES:
        return Doubt(not_passed_on(channel, message), sent)
    if answer.get("alarm.status", 0) in _FAILURES:
        failure = not_passed_on(channel, repr(message))
        return Doubt(UnnamedAlarmError(failure.problem, source=failure.source, help=failure.help), sent)
    return None


async def with_names(
    connector: "PvaConnector", requests: Sequence[PutRequest], outcomes: list[SignalError | None]
) -> None:
    """Put what STAT says in place of the errors of puts whose status is not known; where it says nothing, they stay."""
    unnamed = [index for index, outcome in enumerate(outcomes) if isinstance(outcome, UnnamedAlarmError)]
    if not unnamed:
        return
    channels = [cast(LinkedChannel, requests[index].channel) for index in unnamed]
    names = [f"{channel.link.name.partition('.')[0]}.STAT" for channel in channels]
    statuses = await ask(connector, names, Datatype("enum"))
    for index, channel, status in zip(unnamed, channels, statuses, strict=True):
        if status is not None:
            outcomes[index] = not_passed_on(channel, status) if status in _NAMES else None
