"""What signals were told to be, of many at once: the side that is written, where that is another than the one read."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from ..connectors.protocol import Connector, Description, ReadRequest, Update
from ..errors import BadValueError, NotConnectedError, SignalError
from .signal import WireSignal
from .writing import of_another_dtype


async def read_setpoints(signals: Sequence[WireSignal]) -> list[Update]:
    """Return one outcome for each signal that can be written, fresh: one call for each connector, all at once."""
    outcomes: dict[WireSignal, Update] = {}
    asked: dict[Connector, list[WireSignal]] = {}
    for signal in signals:
        try:
            if not signal._context.opened:
                await signal.ensure()
            asked.setdefault(signal.open(), []).append(signal)
        except SignalError as error:
            outcomes[signal] = error.about(signal.path, signal._place)
    answers = await asyncio.gather(*[_read(connector, batch) for connector, batch in asked.items()])
    for batch, answer in zip(asked.values(), answers, strict=True):
        outcomes.update(zip(batch, answer, strict=True))
    return [outcomes[signal] for signal in signals]


async def _read(connector: Connector, signals: Sequence[WireSignal]) -> list[Update]:
    now = time.monotonic()
    requests = [
        ReadRequest(signal._write_channel, now + signal._shape.timeouts.read, setpoint=True)
        for signal in signals
        if signal._write_channel is not None
    ]
    answers: list[Update] = list(await connector.read(requests))
    for signal, answer in zip(signals, answers, strict=True):
        if isinstance(answer, SignalError):
            answer.source = signal.write_source
            answer.about(signal.path, signal._place)
    return answers


def setpoint_description(signal: WireSignal) -> Description:
    """Return what the server says of the side that is written.

    :raises NotConnectedError: if it has not answered yet.
    """
    channel = signal._write_channel
    if channel is None or channel.description is None:
        raise NotConnectedError("it has not answered", source=signal.write_source).about(signal.path, signal._place)
    return channel.description


def misfit(signal: WireSignal, value: Any) -> BadValueError | None:
    """Return why a value is none of the dtype of a connected signal, or None."""
    error = of_another_dtype(signal._shape, setpoint_description(signal), value)
    if error is not None:
        error.source = signal.write_source
        error.about(signal.path, signal._place)
    return error
