"""Where movables and signals were told to be, for what is computed from that."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..connectors.protocol import Update
from ..vocab.readings import Reading
from .reading import read_signals
from .resolve import setpoint_of, value_signal_of
from .roles import Movable


async def read_told(nodes: Sequence[Any]) -> list[Update]:
    """Return what each was told to be, fresh, of a signal its value; of what rests elsewhere, where it stands.

    :raises ReadError: if it cannot be found out whether a movable is at rest.
    """
    setpoints, readbacks = [setpoint_of(node) for node in nodes], [value_signal_of(node) for node in nodes]
    signals = list(dict.fromkeys(setpoints + readbacks))
    found = dict(zip(signals, await read_signals(signals, signals), strict=True))
    outcomes: list[Update] = []
    for node, setpoint, readback in zip(nodes, setpoints, readbacks, strict=True):
        told, position = found[setpoint], found[readback]
        if not isinstance(position, Reading):
            told = position
        elif isinstance(node, Movable) and isinstance(told, Reading):
            told = replace(told, value=await node._told_or_resting(told.value, position.value))
        outcomes.append(told)
    return outcomes
