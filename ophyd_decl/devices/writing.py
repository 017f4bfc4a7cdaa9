"""One write of one signal: what is checked before, how often it is tried, what is compared after."""

import time
from typing import TYPE_CHECKING, Any

from ..blueprint import SignalShape
from ..connectors.protocol import Channel, Connector, Description, PutRequest, ReadRequest
from ..connectors.values import make_conversion
from ..errors import BadValueError, LimitError, NotTakenError, PutNotSentError, PutTimeoutError, SignalError, WriteError
from ..vocab.readings import Limits, Reading
from .data_key import effective_limits
from .numbers import agree, beyond, float_type, number_in, outside_text

if TYPE_CHECKING:
    from .signal import WireSignal

#: What is worth another try: the others would be refused again, or may have been done.
_AGAIN = (PutTimeoutError, PutNotSentError, NotTakenError)


async def write(
    signal: "WireSignal",
    connector: Connector,
    channel: Channel,
    value: Any,
    timeout_s: float | None,
    *,
    completed: bool = True,
) -> Reading | None:
    """Send a value as the file says, as often as it says.

    :param timeout_s: of each try; None: as the file says.
    :param completed: whether the file says if the completion is waited for; else it is not.
    :returns: a fresh reading that was asked for after the completion, where the signal is held and there is one.
    :raises WriteError: if it was refused, lost, timed out, not sent, not processed or not taken.
    """
    shape, context = signal._shape, signal._context
    timeout_s = shape.timeouts.write if timeout_s is None else timeout_s
    wait = completed and waits_for(shape, channel.description, value)
    outcome: SignalError | None = None
    seen: tuple[Reading, float] | None = None
    generation = channel.generation
    for _ in range(1 + shape.retries):
        with context.writing(signal, channel, value) as writing:
            deadline = time.monotonic() + timeout_s
            see = writing.see if signal.holds(channel) else None
            (outcome,) = await connector.put([PutRequest(channel, value, wait, deadline, signal._forbids, see)])
        seen, generation = writing.seen, channel.generation
        if outcome is None and shape.verify == "readback":
            with writing.reading_back():
                outcome = await _compare(signal, connector, value)
        if not isinstance(outcome, _AGAIN):
            break
    context.note_put(signal, channel, outcome)
    if outcome is not None:
        outcome.source = signal.write_source
        raise outcome.about(signal.path, signal._place)
    if seen is None or channel.generation != generation:
        return None
    reading, asked_at = seen
    context.shared.server_of(channel).heard_at = time.monotonic()
    signal.confirm(reading, asked_at)
    return reading


def waits_for(shape: SignalShape, description: Description | None, value: Any) -> bool:
    """Return whether a put of this value waits for its completion; the first label of the server counts as zero."""
    if shape.wait != "non_zero":
        return shape.wait == "yes"
    if isinstance(value, str):
        return not _is_first(shape, description, value)
    return bool(value) if number_in(value) is not None or isinstance(value, bool) else True


def _is_first(shape: SignalShape, description: Description | None, label: str) -> bool:
    """Return whether a label is sent as the first one of the server, whose order may be another than the declared."""
    if description is None:
        return False
    native = description.native
    if native.kind != "enum":  # of text, the first one that is declared
        return label in description.choices[:1]
    served = next((choice.served for choice in shape.datatype.choices or () if choice.label == label), (label,))
    sent = next((name for name in served if name in native.choices), label)
    return sent in native.choices[:1]


_OF_RECORDS = "DRVL and DRVH, of a motor LLM and HLM, of an array LOPR and HOPR"
#: What the limits of a server are called there, by protocol.
_LIMIT_FIELDS = {"ca": _OF_RECORDS, "pva": _OF_RECORDS, "tango": "min_value and max_value of the attribute"}


def outside_limits(
    shape: SignalShape, description: Description | None, value: Any, protocol: str = ""
) -> LimitError | None:
    """Return the error of a value, or of an element, that is outside the tighter of the limits of file and server.

    :param protocol: in whose words the help is.
    """
    limits = effective_limits(shape, description) if description is not None else shape.limits
    found = None if limits is None else beyond(limits, value)
    if limits is None or found is None:
        return None
    number, index = found
    place = shape.place_of("limits")
    if limits.low is not None and limits.high is not None and limits.low > limits.high:
        return LimitError(
            "no value lies inside the limits of both file and server",
            expected=_range(shape.limits), found=_range(description.limits if description is not None else None),
            help="nothing was sent; mend `limits:`, or the limits of the server", place=place,
        )  # fmt: skip
    if shape.limits is not None and beyond(shape.limits, number):
        by, help = "the file", "nothing was sent; see `limits:`"
    else:
        by, fields = "the server", _LIMIT_FIELDS.get(protocol)
        help = f"nothing was sent; see its limits{f' ({fields})' if fields else ''}"
        place = None
    unit = shape.units or (description.units if description is not None else None)
    return LimitError(f"{outside_text(number, index, limits, unit)} of {by}", help=help, place=place)


def of_another_dtype(shape: SignalShape, description: Description, value: Any) -> BadValueError | None:
    """Return why a value is none of the dtype of a signal that the server describes so, or None."""
    conversion = make_conversion(shape.datatype, description.native)
    if isinstance(conversion, SignalError):
        return None  # the signal is refused, which its put says
    try:
        conversion.to_native(value)
    except BadValueError as error:
        return error
    except Exception as error:  # noqa: BLE001  # an odd value may do anything
        return BadValueError(f"the value cannot be written: {error!r}")
    return None


def _range(limits: Limits | None) -> str:
    return "none" if limits is None else f"[{limits.low}, {limits.high}]"


async def _compare(signal: "WireSignal", connector: Connector, value: Any) -> SignalError | None:
    request = ReadRequest(signal.read_channel, time.monotonic() + signal._shape.timeouts.read)
    (answer,) = await connector.read([request])
    if isinstance(answer, SignalError):
        return WriteError(f"was written, and could not be read back: {answer}")
    if agree(value, answer.value, float_type(signal.channels)):
        return None
    return NotTakenError(
        "the server took another value than the one sent",
        expected=value,
        found=answer.value,
        help="does the record clamp it (DRVL, DRVH), or need time? Where the readback follows later, take `movable`",
    )
