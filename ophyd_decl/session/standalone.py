"""Signals without YAML: `signal("random_walk:dt", name="time_delta")`."""

from typing import Any
from weakref import WeakSet

from ..compile import compile_signal
from ..devices.binding import Binding
from ..devices.build import build
from ..devices.context import Shared
from .connecting import connect_devices
from .environment import read_only_by_environment
from .loops import RunEngineFirst
from .plugins import connector_of, find_spec

_shared = Shared(Binding("signals made with ophyd_decl.signal", RunEngineFirst(), connector_of))
_made: WeakSet[Any] = WeakSet()


def signal(address: str, *, name: str, access: str = "rw", dtype: str = "any", **keys: Any) -> Any:
    """Return one signal; it connects at its first use, in the background, and making it does no I/O.

    :param address: a PV, with `ca://` or `pva://` before it where the default `ca` does not hold; or an attribute of a
        Tango device, `tango://host:port/domain/family/member/attribute`.
    :param name: its name in documents; any text.
    :param access: `r`, `w` or `rw`. `rw` on a PV that cannot be written reads, and only `set` fails.
    :param dtype: as in a file; `any` takes what the server has.
    :param keys: further keys of a signal in a file: `units`, `limits`, `timeout`, `choices`, …
    :raises DefinitionError: if a key or its value is wrong.

    >>> from ophyd_decl import signal
    >>> signal("random_walk:dt", name="time_delta").source
    'ca://random_walk:dt'
    """
    _shared.read_only = read_only_by_environment()
    blueprint = compile_signal(address, name=name, access=access, dtype=dtype, **keys)
    made = build(blueprint, _shared, find_spec)
    connection = made._context.connection
    connection.policy = "lazy"

    async def connect() -> None:
        with _shared.binding.operation():
            await connect_devices([made], None, {})

    connection.connect = connect
    _made.add(made)
    return made


def close_all() -> None:
    """Release every channel and monitor of these signals, and their event loop; they connect again when used.

    :raises WouldBlockError: on a thread that runs an event loop.
    """

    async def close() -> None:
        for made in _made:
            made.release()
            made._context.connection.opened = False
        for connector in _shared.binding.connectors:
            await connector.close()

    if _shared.binding.connectors:
        _shared.binding.run(close, "close_all()", "it after the event loop has ended")
    _shared.binding.leave()
