"""Errors about one signal, one move or one connection: what the control system did, or did not do."""

from collections.abc import Sequence
from typing import Any, Literal, Self

from .diagnostic import Place
from .root import OphydDeclError


class SignalError(OphydDeclError):
    """Something about one signal went wrong.

    A connector knows the source only; the device layer adds the rest with `about`.

    :param problem: what happened, without names; a clause that can follow "stage.x.velocity: ".
    :param source: address with its scheme, for instance `ca://BL22I-MO-STAGE-01:X.VELO`.
    :param expected: what the file or the caller asked for, when two sides differ.
    :param found: what the control system has, when two sides differ.
    :param help: one next step for the reader.
    """

    def __init__(
        self,
        problem: str,
        *,
        source: str = "",
        signal: str = "",
        place: Place | None = None,
        expected: Any = None,
        found: Any = None,
        help: str | None = None,  # the word that every diagnostic uses
    ) -> None:
        self.problem = problem
        self.source = source
        self.signal = signal
        self.place = place
        self.expected = expected
        self.found = found
        self.help = help
        super().__init__(problem)

    def about(self, signal: str, place: Place | None) -> Self:
        """Add the path of the signal and its place in the file, where they are not known yet."""
        self.signal = self.signal or signal
        self.place = self.place or place
        return self

    def __repr__(self) -> str:
        """Return the class and the whole line: a status shows no more of what has failed."""
        return f"{type(self).__name__}({str(self)!r})"

    def __str__(self) -> str:
        """Return one line: signal, source, problem, both sides, place, next step."""
        name = f"{self.signal} ({self.source})" if self.signal and self.source else self.signal or self.source
        parts = [f"{name}: {self.problem}" if name else self.problem]
        if self.expected is not None or self.found is not None:
            parts.append(f"expected {self.expected}, found {self.found}")
        text = "; ".join(parts)
        if self.place is not None:
            text += f" [{self.place}]"
        if self.help:
            text += f" — {self.help}"
        return text


class ReadError(SignalError):
    """A read gave no value; `failures` holds one error for each signal that failed."""

    failures: tuple["SignalError", ...] = ()


class WriteError(SignalError):
    """A write was not done, or is not known to be done."""


class ReadTimeoutError(ReadError, TimeoutError):
    """The server did not answer a read before its deadline."""


class ConversionError(ReadError):
    """The value that the server sent cannot be given in the declared dtype."""


class DisconnectedError(ReadError, WriteError):
    """The connection is closed; `age_s` is the age of the last value in seconds, None if there was none."""

    age_s: float | None = None


class AbsentError(ReadError, WriteError):
    """Nothing answered to this address since connect.

    `verdict` says why, as far as it is known: `missing` if a neighbour on the same server answered, `silent` if the
    server was there and says nothing, else `unknown`.
    """

    verdict: Literal["missing", "silent", "unknown"] = "unknown"


class NoConnectorError(AbsentError):
    """Nothing here can reach its control system: a library is missing, a plugin broken, a protocol not served."""


class NotConnectedError(ReadError, WriteError):
    """The device was touched before `connect` was called."""


class MismatchError(ReadError, WriteError):
    """What the server declares differs from the file, so the signal is refused; `code` says in which way."""

    code: str = "E620"


class BadValueError(WriteError):
    """The value does not fit the declared dtype; nothing was sent."""


class PrecisionLostError(ConversionError, BadValueError):
    """A whole number that a float on the way would round: not given when it is read, not sent when it is written."""


class LimitError(WriteError):
    """The value lies outside the limits; nothing was sent."""


class ReadOnlyError(WriteError):
    """The signal, or the whole process, is read-only; nothing was sent."""


class PutRefusedError(WriteError):
    """The server refused the put (access rights, DISP, a limit of its own).

    `for_rights` is whether the server says so of access rights, where it tells them in no other way.
    """

    for_rights: bool = False


class NotProcessedError(WriteError):
    """The server completed the put, and its record processed nothing, since it is disabled."""


class NotTakenError(WriteError):
    """The server completed the put, and has another value than the one that was sent, or could not pass it on."""


class PutTimeoutError(WriteError, TimeoutError):
    """The put was sent, and its completion did not arrive before the deadline."""


class PutLostError(WriteError):
    """The put was sent, then the connection broke: nobody knows whether it was done."""


class PutNotSentError(WriteError):
    """The put was not sent."""


class WaitTimeoutError(SignalError, TimeoutError):
    """A value that was waited for did not come in time; `found` is the last one that was seen."""


class MoveError(SignalError):
    """A move did not end where it was asked to."""


class MoveTimeoutError(MoveError, TimeoutError):
    """The move did not end in time."""


class MoveFailedError(MoveError):
    """The move ended, but the device or its readback says that the target was not reached."""


class NotAllowedError(MoveError):
    """The device must not go there now, as its `allowed` says; nothing was sent."""


class StoppedError(MoveError):
    """The move was stopped on request."""


class BusyError(MoveError):
    """Another set is moving the axis."""


class ReportError(OphydDeclError):
    """A required device is not usable; `report` is the whole connection report."""

    def __init__(self, message: str, report: Any) -> None:
        self.report = report
        super().__init__(message)


class SettingsError(OphydDeclError):
    """Some settings were not saved, or not put back; the others were.

    `outcomes` says of each signal what became of it.
    """

    def __init__(self, message: str, outcomes: Sequence[Any] = ()) -> None:
        self.outcomes = tuple(outcomes)
        super().__init__(message)


def join_read_errors(errors: Sequence[SignalError], what: str) -> SignalError:
    """Return one error, of the class of the first failure, that lists every failure.

    :param errors: at least one; its members keep their own facts.
    :param what: path of the device that was read.
    """
    first = errors[0]
    if len(errors) == 1:
        return first
    listed = "\n".join(f"  {error}" for error in errors)
    joined = type(first)(f"{len(errors)} signals could not be read:\n{listed}", signal=what)
    if isinstance(joined, ReadError):
        joined.failures = tuple(errors)
    return joined
