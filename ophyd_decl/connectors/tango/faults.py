"""What an error of Tango means here, and what of it a reader is told: the cause, not the way that it came."""

from ...errors import (
    BadValueError,
    DisconnectedError,
    PutLostError,
    PutNotSentError,
    PutRefusedError,
    ReadError,
    ReadTimeoutError,
    SignalError,
)
from ..batches import no_answer, no_completion
from ..linked_channel import LinkedChannel
from .attributes import NoValueError
from .library import DevFailed, reasons

_CALL_TIMED_OUT = "CallTimedout"
_NOT_CONNECTED = "ConnectFailed"
_DELAYED = "connection request was delayed"
#: Reasons of a call that did not reach the device.
_CLOSED = frozenset(
    ("API_CorbaException", "API_CantConnectToDevice", "API_ServerNotRunning", "API_DeviceNotExported",
     "API_DeviceNotDefined", "API_CommunicationFailed", "API_CantConnectToDatabase", "API_TangoHostNotSet")
)  # fmt: skip
#: Reasons of a call that certainly did not.
_NOT_SENT = frozenset(_CLOSED - {"API_CorbaException", "API_CommunicationFailed"})
#: What the server says when another call has kept the device for longer than it waits.
BUSY = "API_CommandTimedOut"
NO_ATTRIBUTE = "API_AttrNotFound"
#: Reasons of events that tell of the events alone: the server has polled too late, or not at all since the device was
#: busy; or some events were lost. What the attribute has become, only a read can tell.
_GAPS = frozenset(
    ("API_PollThreadOutOfSync", "API_NotUpdatedAnyMore", "API_NoDataYet", "API_MissedEvents", "API_EventTimeout", BUSY)
)
#: Longest text of a server that is shown.
_LONGEST = 300
#: What to do where another call keeps the device; the server says so after three seconds.
_BUSY_HELP = (
    "try again when that is over; a command or an attribute of its own may take long, or another client uses it"
)


def words(error: Exception) -> str:
    """Return the cause in the words of the server, in one line."""
    levels = reasons(error)
    if not levels:
        return " ".join(str(error).split())[:_LONGEST] or type(error).__name__
    reason, text = levels[0]
    shown = " ".join(text.split())[:_LONGEST]
    if reason.startswith("API_Corba"):  # the levels above say what that means
        shown = " ".join(levels[1][1].split()) if len(levels) > 1 else shown
        return shown[:_LONGEST]
    return f"{shown} ({reason})" if reason and reason not in shown else shown


class BusyError(Exception):
    """The device does not answer now, so what was wanted of it has to wait; its text says so."""


class SilentError(Exception):
    """The server does not answer, so it was not asked for what was wanted; its text says so."""


def is_timeout(error: Exception) -> bool:
    """Return whether no answer came within the client's time-out."""
    if isinstance(error, SilentError):
        return True
    return any(_CALL_TIMED_OUT in text or reason == "API_DeviceTimedOut" for reason, text in reasons(error))


def is_busy(error: Exception) -> bool:
    """Return whether the device may answer later: it, or its server, is there and did not answer in time."""
    return is_timeout(error) or reason(error) == BUSY


def is_closed(error: Exception) -> bool:
    """Return whether the device is not there any more, as far as this call can tell."""
    return not is_timeout(error) and any(reason in _CLOSED for reason, _ in reasons(error)[:2])


def is_delayed(error: Exception) -> bool:
    """Return whether a proxy does not try to connect, since it has done so in vain a moment ago."""
    return any(_DELAYED in text for _, text in reasons(error))


def is_unsent(error: Exception) -> bool:
    """Return whether the call certainly did not reach the device."""
    return any(reason in _NOT_SENT or _NOT_CONNECTED in text for reason, text in reasons(error))


def is_gap(error: Exception) -> bool:
    """Return whether an event says no more than that events are late or were lost."""
    return any(reason in _GAPS for reason, _ in reasons(error))


def reason(error: Exception) -> str:
    """Return the reason of the cause, as Tango spells it."""
    levels = reasons(error)
    return levels[0][0] if levels else ""


def read_fault(error: Exception, source: str, allowed_s: float | None = None) -> SignalError:
    """Return the error of a read that failed as a whole, or of one attribute of it.

    :param allowed_s: how long the read might take, in s; None of an attribute, whose time-out is one of its server.
    """
    made: SignalError
    if is_timeout(error) and allowed_s is not None:
        made = no_answer("the device", source, allowed_s)
    elif is_timeout(error):
        made = ReadTimeoutError(f"the device gave no value in time: {words(error)}", source=source)
    elif reason(error) == BUSY:
        made = ReadTimeoutError("the device is busy with another call", source=source, help=_BUSY_HELP)
    elif is_closed(error):
        made = DisconnectedError("the connection closed during the read", source=source)
    else:
        made = ReadError(f"the device gave no value: {words(error)}", source=source)
    made.__cause__ = error
    return made


def write_fault(error: Exception, source: str, what: str, allowed_s: float) -> SignalError:
    """Return the error of a write or of a command.

    :param what: `put` or `command`.
    :param allowed_s: how long it might take, in s.
    """
    made: SignalError
    if not isinstance(error, DevFailed):  # pytango could not pack the value
        made = BadValueError(f"it cannot be sent: {words(error)}", source=source)
    elif is_timeout(error):
        made = no_completion(source, allowed_s)
    elif reason(error) == BUSY:
        busy = "the device was busy with another call, and did not take it"
        made = PutNotSentError(busy, source=source, help=_BUSY_HELP)
    elif is_unsent(error):
        made = PutNotSentError(f"not sent: {words(error)}", source=source)
    elif is_closed(error):
        problem = "sent, then the connection closed: nobody knows whether it was done"
        made = PutLostError(problem, source=source)
    else:
        made = PutRefusedError(f"the device refused the {what}: {words(error)}", source=source)
    made.__cause__ = error
    return made


def no_value(error: Exception, channel: LinkedChannel) -> SignalError:
    """Return the error of an attribute that gave no value."""
    if isinstance(error, NoValueError):
        return ReadError(str(error), source=channel.source)
    return read_fault(error, channel.source) if isinstance(error, DevFailed) else channel.odd(error)
