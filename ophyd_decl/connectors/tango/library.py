"""What is used of pytango, whose types are partial: it is given its shape here. No other module imports it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, cast

import tango

_tango: Any = cast(Any, tango)

#: Every error of Tango.
DevFailed: type[Exception] = _tango.DevFailed
#: Kinds of events by the words of the language.
EVENT_TYPES: dict[str, Any] = {
    "change": _tango.EventType.CHANGE_EVENT,
    "periodic": _tango.EventType.PERIODIC_EVENT,
    "archive": _tango.EventType.ARCHIVE_EVENT,
    "data_ready": _tango.EventType.DATA_READY_EVENT,
}
CONFIGURATION_EVENT: Any = _tango.EventType.ATTR_CONF_EVENT
#: The states of a device, in the order of their numbers.
STATES: tuple[str, ...] = tuple(state.name for _, state in sorted(_tango.DevState.values.items()))


class Proxy(Protocol):
    """A `DeviceProxy`; its calls raise `DevFailed`."""

    def set_timeout_millis(self, timeout_ms: int) -> None: ...  # noqa: D102

    def ping(self) -> int: ...  # noqa: D102

    def info(self) -> Any: ...  # noqa: D102

    def get_attribute_config_ex(self, names: Sequence[str]) -> Sequence[Any]: ...  # noqa: D102

    def attribute_list_query_ex(self) -> Sequence[Any]: ...  # noqa: D102

    def command_list_query(self) -> Sequence[Any]: ...  # noqa: D102

    def read_attributes(self, names: Sequence[str]) -> Sequence[Any]: ...  # noqa: D102

    def write_attribute(self, info: Any, value: Any) -> None: ...  # noqa: D102

    def command_inout(self, name: str, argument: Any = None) -> Any: ...  # noqa: D102

    def subscribe_event(self, name: str, kind: Any, callback: Callable[[Any], None]) -> int: ...  # noqa: D102

    def unsubscribe_event(self, number: int) -> None: ...  # noqa: D102


def make_proxy(trl: str) -> Proxy:
    """Return a proxy of a device; asks the database, or connects.

    It never repeats a call by itself: a write that was lost must not be done later. And it reads the device, not what
    the server has polled some time ago, which may be older than the last write.

    :raises DevFailed: if there is no such device.
    """
    proxy = _tango.DeviceProxy(trl, green_mode=_tango.GreenMode.Synchronous)
    proxy.set_transparency_reconnection(False)
    proxy.set_source(_tango.DevSource.DEV)
    return proxy


def thread() -> AbstractContextManager[None]:
    """Return the context in which a thread of ours may call Tango."""
    return _tango.EnsureOmniThread()


def name_of(kind: Any) -> str:
    """Return what Tango calls a type: `DevDouble`, `DevVarLongStringArray`."""
    return str(_tango.CmdArgType.values.get(int(kind), kind))


def state_of(number: int) -> Any:
    """Return the state with this number, as a write wants it."""
    return _tango.DevState.values[number]


def reasons(error: Exception) -> list[tuple[str, str]]:
    """Return reason and description of each level of an error, the cause first."""
    return [(part.reason, part.desc) for part in error.args if hasattr(part, "reason")]
