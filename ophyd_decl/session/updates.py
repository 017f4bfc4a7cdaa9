"""How the updates of signals come, where a server offers several ways: found out when a beamline is checked.

A connect does not ask, since Tango subscribes to one attribute after the other: the first monitor finds out for itself,
and is told if it cannot work. What is asked for here are the signals of which a plan will want one.
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

CODE = "E635"


async def pick_updates(devices: Iterable[Any], timeout_s: float) -> None:
    """Find out how the updates of each signal come of which there may be a monitor; note those that cannot come.

    What is not connected, or in mock mode, is passed over.
    """
    batches: dict[Connector, list[WireSignal]] = {}
    for device in devices:
        for signal in () if device._context.mock else _monitored(device):
            channel = next(iter(signal.channels), None)
            if channel is not None and channel.state == "connected" and channel.failure is None:
                batches.setdefault(signal.open(), []).append(signal)
    deadline = time.monotonic() + timeout_s
    await asyncio.gather(*[_pick(connector, signals, deadline) for connector, signals in batches.items()])


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
    return signal._shape.all_updates or signal._shape.events not in ("auto", "none")
