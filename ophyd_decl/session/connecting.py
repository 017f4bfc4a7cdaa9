"""Connecting many devices at once: every address of all of them in one batch for each connector."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from ..connectors.protocol import Channel, Connector
from ..devices.command import Command
from ..devices.context import Connection
from ..devices.node import Node, walk
from ..devices.signal import WireSignal
from ..errors import NoConnectorError, SignalError
from ..vocab.keywords import CONNECT_TIMEOUT_S

Leaf = WireSignal | Command
#: The errors of the last connect, one for each address of a signal that did not answer or is refused.
Outcomes = dict[Node, list[SignalError]]


async def connect_devices(devices: Sequence[Any], timeout_s: float | None, outcomes: Outcomes) -> None:
    """Search every signal of every device at once, and take what their servers say.

    :param timeout_s: for all; None: for each batch the longest connect time-out of its signals.
    :param outcomes: gets the errors of each signal that is not usable; those that are, are taken out.
    """
    started = time.monotonic()
    for binding in {device._context.binding for device in devices}:
        binding.retry()
    batches: dict[Connector, list[tuple[Channel, Leaf]]] = {}
    leaves = {device: _leaves(device) for device in devices}
    for device_leaves in leaves.values():
        for leaf in device_leaves:
            try:
                connector = leaf.open()
            except NoConnectorError as error:
                outcomes[leaf] = [error]
                continue
            batches.setdefault(connector, []).extend((channel, leaf) for channel in leaf.channels)
    connections: list[Connection] = [device._context.connection for device in devices]
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    for connection in connections:
        if not connection.connecting:
            connection.begin(done)
    try:
        await asyncio.gather(
            *[_connect_batch(connector, batch, timeout_s, outcomes) for connector, batch in batches.items()]
        )
    finally:
        # Also where this is cancelled: what was asked for goes on, and a late answer makes a device usable.
        ended = time.monotonic()
        for device, connection in zip(devices, connections, strict=True):
            connection.opened = True
            for leaf in leaves[device]:
                if isinstance(leaf, WireSignal):
                    leaf.settle_presence()
            answered = all(channel.state != "new" for leaf in leaves[device] for channel in leaf.channels)
            connection.elapsed_s = max((connection.answered_at if answered else ended) - started, 0.0)
        done.set_result(None)


async def _connect_batch(
    connector: Connector,
    batch: list[tuple[Channel, Leaf]],
    timeout_s: float | None,
    outcomes: Outcomes,
) -> None:
    if timeout_s is None:
        timeout_s = max(_connect_timeout(leaf) for _, leaf in batch)
    answers = await connector.connect([channel for channel, _ in batch], time.monotonic() + timeout_s)
    for _, leaf in batch:
        outcomes.pop(leaf, None)
    for (_, leaf), answer in zip(batch, answers, strict=True):
        if isinstance(answer, SignalError):
            outcomes.setdefault(leaf, []).append(answer.about(leaf.path, leaf._place))


def _connect_timeout(leaf: Leaf) -> float:
    return leaf._shape.timeouts.connect if isinstance(leaf, WireSignal) else CONNECT_TIMEOUT_S


def _leaves(device: Any) -> list[Leaf]:
    return [node for node in walk(device) if isinstance(node, WireSignal | Command)]
