"""Playing the server of soft signals and of devices in mock mode: values from outside, puts held, changed and told.

The names, and what they are called with, are those that tests written for ophyd-async use.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Generic

from ..errors import OphydDeclError
from .command import Command
from .mock_calls import PutRecorder, call_mock, mock_of
from .node import Node
from .signal import WireSignal
from .type_variables import Value

if TYPE_CHECKING:
    from unittest.mock import AsyncMock, Mock


def set_mock_value(signal: Any, value: Any) -> None:
    """Set the value as the server would, in the declared dtype.

    :raises BadValueError: if it does not fit the dtype.
    :raises OphydDeclError: if the signal is neither soft nor in mock mode.
    """
    wire = _wire(signal)
    wire.mock_connector.set_value(wire.read_channel, value)


def set_mock_values(signal: Any, values: Iterable[Value], require_all_consumed: bool = False) -> "MockValues[Value]":
    """Return an iterator that sets the next of these values at each step; errors as `set_mock_value`.

    :param require_all_consumed: whether its end fails where values are left: `close`, or a `with` block.
    """
    return MockValues(signal, values, require_all_consumed)


class MockValues(Iterator[Value], Generic[Value]):
    """Values that are set one after the other; see `set_mock_values`."""

    def __init__(self, signal: Any, values: Iterable[Value], require_all_consumed: bool) -> None:
        self._signal = _wire(signal)
        self._values = iter(values)
        self._require_all = require_all_consumed

    def __next__(self) -> Value:
        """Set the next value, and return it."""
        value = next(self._values)
        set_mock_value(self._signal, value)
        return value

    def close(self) -> None:
        """End it.

        :raises AssertionError: if all had to be set, and some were not; names them.
        """
        left = list(self._values) if self._require_all else []
        self._require_all = False
        if left:
            raise AssertionError(f"{self._signal.path}: these were not set: {', '.join(map(repr, left))}")

    def __enter__(self) -> "MockValues[Value]":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.close()

    def __del__(self) -> None:
        """Fail where values are left and nobody has closed it; pytest shows it as a warning."""
        if hasattr(self, "_require_all"):
            self.close()


def set_mock_units(signal: Any, units: str) -> None:
    """Set the unit that the server would tell.

    :raises OphydDeclError: if the signal is neither soft nor in mock mode.
    """
    wire = _wire(signal)
    wire.mock_connector.set_facts(wire.read_channel, units=units)


def set_mock_precision(signal: Any, precision: int) -> None:
    """Set the precision that the server would tell.

    :raises OphydDeclError: if the signal is neither soft nor in mock mode.
    """
    wire = _wire(signal)
    wire.mock_connector.set_facts(wire.read_channel, precision=precision)


def get_mock(device: Any) -> "Mock":
    """Return the mock of a device or signal: its `mock_calls` are the puts and executions below it, in order.

    :raises OphydDeclError: if it is not in mock mode.
    """
    if not isinstance(device, Node):
        raise TypeError(f"{device!r} is no device of this package")
    return mock_of(_in_mock_mode(device))


def get_mock_put(signal: Any) -> "AsyncMock":
    """Return what is called with the value at each put, before it takes effect.

    In mock mode it knows all puts since connect; of a soft signal those since this was called first.

    :raises OphydDeclError: if the signal is neither soft nor in mock mode.
    """
    wire = _wire(signal)
    wire.mock_connector.on_put(wire.channels[-1], PutRecorder(wire))
    return call_mock(wire, "put")


def callback_on_mock_put(signal: Any, callback: Callable[[Any], Any]) -> AbstractContextManager[Any]:
    """Call `callback(value)` at each put, before it takes effect, in the place of the callback before.

    It may be a coroutine function. What it returns is taken instead of the value, unless it is None; a `SignalError`
    that it raises is the outcome of the put, any other exception refuses it.

    :returns: a context whose end, or `close`, takes the callback away.
    :raises OphydDeclError: if the signal is neither soft nor in mock mode.
    """
    return _side_effect(get_mock_put(signal), callback)


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


def get_mock_execute(command: Any) -> "AsyncMock":
    """Return what is called at each execution of a command, with its argument if it takes one.

    :raises OphydDeclError: if the command is not in mock mode.
    """
    if not isinstance(command, Command):
        raise TypeError(f"{command!r} is no command")
    return _in_mock_mode(command).execute_mock


def callback_on_mock_execute(command: Any, callback: Callable[..., Any]) -> AbstractContextManager[Any]:
    """Call `callback`, with the argument if there is one, at each execution, in the place of the callback before.

    It may be a coroutine function, which ends before the execution does. What it returns is the result of the command.

    :returns: a context whose end, or `close`, takes the callback away.
    :raises OphydDeclError: if the command is not in mock mode.
    """
    return _side_effect(get_mock_execute(command), callback)


def _side_effect(mock: "AsyncMock", callback: Callable[..., Any]) -> ExitStack:
    mock.side_effect = callback
    end = ExitStack()
    end.callback(setattr, mock, "side_effect", None)
    return end


def _in_mock_mode(node: Any) -> Any:
    if not node._context.mock:
        raise OphydDeclError(f"{node.path} is not in mock mode; connect with `mock=True`")
    return node


def _wire(signal: Any) -> WireSignal:
    if not isinstance(signal, WireSignal):
        raise TypeError(f"{signal!r} has no value of its own")
    return signal
