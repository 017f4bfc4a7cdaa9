"""What is used of pytango, whose types are partial: it is given its shape here. No other module imports it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from inspect import unwrap
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
INTERFACE_EVENT: Any = _tango.EventType.INTERFACE_CHANGE_EVENT
#: Where values are taken from: the device itself, and not what its server has polled.
FROM_DEVICE: Any = _tango.DevSource.DEV
#: The qualities of a reading by what Tango calls them.
QUALITIES: dict[str, Any] = {name.removeprefix("ATTR_"): one for name, one in _tango.AttrQuality.__members__.items()}
#: The form of an attribute that has one value.
SCALAR: Any = _tango.AttrDataFormat.SCALAR
#: What switches telemetry on.
_ENABLED = ("on", "1", "true", "yes", "y")
#: Names of types by number.
_TYPES: dict[int, str] = {int(number): str(kind) for number, kind in _tango.CmdArgType.values.items()}
#: The number of the type of an enum.
ENUM: int = int(_tango.CmdArgType.DevEnum)
#: The states of a device, in the order of their numbers.
STATES: tuple[str, ...] = tuple(state.name for _, state in sorted(_tango.DevState.values.items()))


class Proxy(Protocol):
    """A `DeviceProxy`; its calls raise `DevFailed`."""

    def set_timeout_millis(self, timeout_ms: int) -> None: ...  # noqa: D102

    def set_transparency_reconnection(self, repeats: bool) -> None: ...  # noqa: D102

    def set_source(self, source: Any) -> None: ...  # noqa: D102

    def ping(self) -> int: ...  # noqa: D102

    def info(self) -> Any: ...  # noqa: D102

    def get_attribute_config_ex(self, names: Sequence[str]) -> Sequence[Any]: ...  # noqa: D102

    def attribute_list_query_ex(self) -> Sequence[Any]: ...  # noqa: D102

    def command_list_query(self) -> Sequence[Any]: ...  # noqa: D102

    def read_attributes(self, names: Sequence[str]) -> Sequence[Any]: ...  # noqa: D102

    def write_attribute(self, info: Any, value: Any) -> None: ...  # noqa: D102

    def command_inout(self, name: str, argument: Any = None) -> Any: ...  # noqa: D102

    def subscribe_event(self, *what: Any) -> int: ...  # noqa: D102

    def unsubscribe_event(self, number: int) -> None: ...  # noqa: D102


class _Untraced(_tango.DeviceProxy):
    """A proxy whose calls are not looked at for telemetry, and wait in the thread that calls.

    Before each call pytango 10.3 looks whether it is to be traced, in eleven variables of the environment, and for each
    that is not there in two files: 0.2 ms, twice the call itself.
    """

    __init__ = unwrap(_tango.DeviceProxy.__init__)
    ping = unwrap(_tango.DeviceProxy.ping)
    get_attribute_config_ex = unwrap(_tango.DeviceProxy.get_attribute_config_ex)
    read_attributes = unwrap(_tango.DeviceProxy.read_attributes)
    write_attribute = unwrap(_tango.DeviceProxy.write_attribute)
    command_inout = unwrap(_tango.DeviceProxy.command_inout)


def new_proxy(trl: str) -> Proxy:
    """Return a new proxy of a device; asks the database. Its calls are traced if that is enabled now.

    :raises DevFailed: if there is no such device, or the database does not answer.
    """
    return proxy_class()(trl, green_mode=_tango.GreenMode.Synchronous)


def proxy_class() -> Any:
    """Return the class of new proxies: that of pytango where telemetry is enabled."""
    enabled = (_tango.ApiUtil.get_env_var("TANGO_TELEMETRY_ENABLE") or "").lower() in _ENABLED
    return _tango.DeviceProxy if enabled else _Untraced


def copy_of(proxy: Proxy) -> Proxy:
    """Return another proxy of the same device, without a word to the database; both have one time-out."""
    return cast(Any, type(proxy))(proxy, green_mode=_tango.GreenMode.Synchronous)


def copy_of_configuration(info: Any) -> Any:
    """Return another `AttributeInfoEx` that says the same."""
    return _tango.AttributeInfoEx(info)


def tango_host() -> str:
    """Return what TANGO_HOST is: the variable, or a line of `~/.tangorc` or `/etc/tangorc`; empty if nobody says it."""
    return (_tango.ApiUtil.get_env_var("TANGO_HOST") or "").strip()


def server_of(host: str, port: int, device: str) -> str:
    """Return program and instance of the server that has a device, as a database knows it.

    :param device: its name, or an alias of it.
    :raises DevFailed: if the database does not know it, or does not answer.
    """
    return _tango.Database(host, port).get_device_info(device).ds_full_name


def reference_of(host: str, port: int, device: str) -> str:
    """Return the reference to a device that its server has given to the database, as text.

    :raises DevFailed: if the database does not know it, or does not answer.
    """
    return str(_tango.Database(host, port).import_device(device).ior)


def names_like(host: str, port: int, device: str) -> list[str]:
    """Return the devices of the same domain and family that a database knows; of an alias, all aliases.

    :raises DevFailed: if the database does not answer.
    """
    database = _tango.Database(host, port)
    stem, slash, _ = device.rpartition("/")
    if not slash:
        return [str(name) for name in database.get_device_alias_list("*")]
    return [f"{stem}/{member}" for member in database.get_device_member(f"{stem}/*")]


def devices_of(host: str, port: int) -> tuple[list[str], list[str]]:
    """Return the devices that a database knows, and those whose servers run, as far as it knows that.

    :raises DevFailed: if the database does not answer.
    """
    database = _tango.Database(host, port)
    known, running = database.get_device_name("*", "*"), database.get_device_exported("*")
    return [str(name) for name in known], [str(name) for name in running]


def thread() -> AbstractContextManager[None]:
    """Return the context in which a thread of ours may call Tango."""
    return _tango.EnsureOmniThread()


def name_of(kind: Any) -> str:
    """Return what Tango calls a type: `DevDouble`, `DevVarLongStringArray`."""
    number = int(kind)
    return _TYPES.get(number) or str(number)


def state_of(number: int) -> Any:
    """Return the state with this number, as a write wants it."""
    return _tango.DevState.values[number]


def reasons(error: Exception) -> list[tuple[str, str]]:
    """Return reason and description of each level of an error, the cause first."""
    return [(part.reason, part.desc) for part in error.args if hasattr(part, "reason")]
