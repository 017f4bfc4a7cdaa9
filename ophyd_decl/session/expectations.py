"""Values that the file expects: read in bulk when their devices connect, and compared.

A value that is not the expected one is a wrong setting, not a wrong type: the signal can be read, and set to what it
should be. It is compared again when it was set, and when its server comes back.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..blueprint import Reference
from ..connectors.protocol import Update
from ..devices.contract import Difference
from ..devices.node import walk
from ..devices.numbers import equal, float_type, plain
from ..devices.reading import read_signals
from ..devices.resolve import find, value_signal_of
from ..devices.signal import WireSignal
from ..devices.verbs import SignalR
from ..errors import OphydDeclError, SignalError

CODE = "E626"


async def check_settings(devices: Iterable[Any]) -> None:
    """Compare every signal of some devices that has an expected value, as far as it can be read now.

    What is in mock mode is passed over.
    """
    signals: list[SignalR] = [
        node
        for device in devices
        if not device._context.mock
        for node in walk(device)
        if isinstance(node, SignalR) and node._shape.expect is not None
    ]
    await compare(signals)


async def compare(signals: Sequence[SignalR]) -> None:
    """Read the signals, and those whose values they should have, in one snapshot; note what differs."""
    for signal in signals:
        signal._context.shared.settings.pop(signal, None)
    others: dict[SignalR, SignalR | None] = {}
    for signal in signals:
        try:
            if all(map(_usable, signal._leaves())):
                others[signal] = _other_of(signal)
        except OphydDeclError as error:  # a reference leads to what cannot be used, such as a Python class
            signal._context.shared.settings[signal] = _unknown(f"what it should be is not known: {error}")
    wanted = list(dict.fromkeys([*others, *(other for other in others.values() if other is not None)]))
    outcomes = dict(zip(wanted, await read_signals(wanted, wanted), strict=True))
    for signal, other in others.items():
        difference = _difference(signal, outcomes[signal], other, None if other is None else outcomes[other])
        if difference is not None:
            signal._context.shared.settings[signal] = difference


def _usable(leaf: WireSignal) -> bool:
    return not leaf.left_out and all(
        channel.state == "connected" and channel.failure is None for channel in leaf.channels
    )


def _other_of(signal: SignalR) -> SignalR | None:
    """Return the signal whose value this one should have, None where that is a plain value."""
    expected = signal._shape.expect
    if not isinstance(expected, Reference):
        return None
    return value_signal_of(find(signal, expected, getattr(signal.parent, "_values", {})))


def _difference(signal: SignalR, outcome: Update, other: SignalR | None, expected: Update | None) -> Difference | None:
    """Return what is wrong with one signal."""
    if isinstance(outcome, SignalError):
        cause = f"its value could not be compared with the expected one: {outcome.problem}"
        return Difference("error", CODE, cause, None, None, "connect again when it can be read")
    if other is None:
        value = signal._shape.expect
        cause, help = "it has another value than the expected one", "set it, or mend `expect:`"
    elif isinstance(expected, SignalError):
        return _unknown(f"it should have the value of {other.path}, which could not be read: {expected.problem}")
    else:
        value = expected.value if expected is not None else None
        cause, help = f"it has another value than {other.path}", "set one of the two, or mend `expect:`"
    if equal(value, outcome.value, _float_type(signal)):
        return None
    return Difference("error", CODE, cause, _shown(value), _shown(outcome.value), help, key="expect")


def _unknown(cause: str) -> Difference:
    """Return that a value was not compared since what it should be could not be found out."""
    return Difference("warning", CODE, cause, None, None, "connect again when that can be read")


def _float_type(signal: SignalR) -> str:
    """Return the numpy type of the floats that the server of a signal holds."""
    return float_type([signal.read_channel] if isinstance(signal, WireSignal) else []) or "float64"


def _shown(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else plain(value)
