"""Playing the server of soft signals and of devices in mock mode: values from outside, puts held, refused and told.

The names are those that tests written for ophyd-async use.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from .signal import WireSignal


def set_mock_value(signal: Any, value: Any) -> None:
    """Set the value as the server would, in the declared dtype.

    :raises BadValueError: if it does not fit the dtype.
    :raises OphydDeclError: if the signal is neither soft nor in mock mode.
    """
    wire = _wire(signal)
    wire.mock_connector.set_value(wire.read_channel, value)


def callback_on_mock_put(signal: Any, callback: Callable[..., Any]) -> Callable[[], None]:
    """Call `callback(value, wait)` at each put, before it takes effect.

    :returns: a function that ends this.
    """
    wire = _wire(signal)
    connector = wire.mock_connector
    return connector.on_put(wire.channels[-1], callback)


def set_mock_put_proceeds(signal: Any, proceeds: bool) -> None:
    """Let puts complete, or hold their completion."""
    wire = _wire(signal)
    connector, channel = wire.mock_connector, wire.channels[-1]
    if proceeds:
        connector.proceed_puts(channel)
    else:
        connector.hold_puts(channel)


@contextmanager
def mock_puts_blocked(*signals: Any) -> Generator[None]:
    """Hold the completion of puts to these signals inside the block."""
    for signal in signals:
        set_mock_put_proceeds(signal, False)
    try:
        yield
    finally:
        for signal in signals:
            set_mock_put_proceeds(signal, True)


def _wire(signal: Any) -> WireSignal:
    if not isinstance(signal, WireSignal):
        raise TypeError(f"{signal!r} has no value of its own")
    return signal
