"""How the updates of signals come, where a server offers several ways: found out when a beamline is checked.

A connect asks for those alone whose events the file names, since Tango subscribes to one attribute after the other: of
the others the first monitor finds out for itself, and works in any case. Who monitors a signal in a plan cannot be told
later that nothing will come. The command `connect` asks for all signals of which a plan will want a monitor.
"""

import asyncio
import time
from collections.abc import Iterable
from typing import Any

from ..connectors.protocol import Connector
from ..devices.contract import Difference
from ..devices.device import Device
from ..devices.node import walk
from ..devices.signal import WireSignal
from ..errors import ReadTimeoutError, SignalError
from ..vocab.keywords import CONNECT_TIMEOUT_S
from .connecting import LEAST_S

CODE = "E635"


async def pick_updates(devices: Iterable[Any], timeout_s: float) -> None:
    """Find out how the updates of each signal come of which there may be a monitor; note those that cannot come.

    What is not connected, or in mock mode, is passed over.
    """
    await pick([signal for device in devices for signal in _monitored(device)], timeout_s)


async def pick_named(devices: Iterable[Any], timeout_s: float | None, started: float) -> None:
    """Do as `pick_updates` for those signals alone for which the file names the events, at the end of a connect.

    :param timeout_s: for all of the connect; None: 5.
    :param started: when it began, on the clock of `time.monotonic`.
    """
    nodes = (node for device in devices for node in walk(device))
    left_s = (CONNECT_TIMEOUT_S if timeout_s is None else timeout_s) - (time.monotonic() - started)
    await pick([node for node in nodes if isinstance(node, WireSignal) and node.names_events], max(left_s, LEAST_S))


async def pick(signals: Iterable[WireSignal], timeout_s: float) -> None:
    """Do as `pick_updates` for these signals."""
    batches: dict[Connector, list[WireSignal]] = {}
    for signal in signals:
        channel = None if signal._context.mock else next(iter(signal.channels), None)
        if channel is not None and channel.state == "connected" and channel.failure is None:
            batches.setdefault(signal.open(), []).append(signal)
    deadline = time.monotonic() + timeout_s
    await asyncio.gather(*[_pick(connector, group, deadline) for connector, group in batches.items()])


async def _pick(connector: Connector, signals: list[WireSignal], deadline: float) -> None:
    outcomes = await connector.pick([signal.read_channel for signal in signals], deadline)
    for signal, outcome in zip(signals, outcomes, strict=True):
        troubles = signal._context.shared.updates
        troubles.pop(signal, None)
        if outcome is not None:
            troubles[signal] = _difference(outcome)


def _difference(error: SignalError) -> Difference:
    late = isinstance(error, ReadTimeoutError)
    help = "connect again, with a longer --timeout" if late else error.help or "connect again"
    return Difference("warning" if late else "error", CODE, error.problem, error.expected, error.found, help)


def _monitored(device: Any) -> list[WireSignal]:
    """Return the signals below a device that are held, are in a condition, or for which the file names the events."""
    found: dict[WireSignal, None] = {}
    for node in walk(device):
        if isinstance(node, Device):
            found.update(dict.fromkeys(leaf for signal in node._plan.held for leaf in signal._leaves()))
        elif isinstance(node, WireSignal) and "r" in node._shape.access and (node is device or _is_wanted(node)):
            found[node] = None
    return list(found)


def _is_wanted(signal: WireSignal) -> bool:
    return signal._shape.all_updates or signal.names_events
