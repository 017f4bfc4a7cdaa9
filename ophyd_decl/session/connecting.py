"""Connecting many devices at once: every address of all of them in one batch for each connector."""

import asyncio
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from ..collecting import Pause, without_collecting
from ..connectors.protocol import Channel, Connector
from ..devices.command import Command
from ..devices.context import Connection, StructureReader
from ..devices.listed import Listed
from ..devices.node import Node, walk
from ..devices.python_device import PythonDevice
from ..devices.signal import WireSignal
from ..errors import SignalError
from ..vocab.keywords import CONNECT_TIMEOUT_S
from . import tasks
from .hosting import connect_hosted
from .structures import has_structure

#: What is left at least of the time for all when structures have been read, or all has answered, in s.
LEAST_S = 1.0
#: How long nothing is collected at most while devices connect, in s: servers that answer do so within that.
COLLECTED_AFTER_S = 1.0
#: What has channels; also as a tuple, by which many nodes are told apart sooner.
Leaf = WireSignal | Command
LEAVES = (WireSignal, Command)
#: The errors of the last connect, one for each address of a signal that did not answer or is refused.
Outcomes = dict[Node, list[SignalError]]


@contextmanager
def collected_later() -> Generator[None]:
    """Collect no garbage while what connects is made, unless servers keep it waiting; on the loop."""
    pause = Pause()
    timer = asyncio.get_running_loop().call_later(COLLECTED_AFTER_S, pause.end)
    try:
        yield
    finally:
        timer.cancel()
        pause.end()


async def connect_devices(
    devices: Sequence[Any], timeout_s: float | None, outcomes: Outcomes, *, anew: bool = True
) -> None:
    """Search every signal of every device at once, and take what their servers say.

    Devices whose servers say where their members are begin with that, and the others do not wait for them.

    :param timeout_s: for all; None: for each batch the longest connect time-out of its signals.
    :param outcomes: gets the errors of each signal that is not usable; those that are, are taken out.
    :param anew: whether a member of a PVI structure may be at other PVs than before.
    """
    started = time.monotonic()
    for binding in {device._context.binding for device in devices}:
        binding.retry()
    connections: list[Connection] = [device._context.connection for device in devices]
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    for connection in connections:
        if not connection.connecting:
            connection.begin(done)
    listed = [device for device in devices if has_structure(device)]
    waiting = set(listed)
    own = [_leaves(device) for device in devices]
    leaves = [
        leaf
        for device, its in zip(devices, own, strict=True)
        for leaf in its
        if device not in waiting or not isinstance(leaf, Listed)
    ]
    all_answered = False
    try:
        await asyncio.gather(
            _connect_leaves(leaves, timeout_s, outcomes),
            _connect_listed(listed, timeout_s, outcomes, anew),
            connect_hosted([device for device in devices if isinstance(device, PythonDevice)], timeout_s),
        )
        all_answered = not outcomes
    finally:
        # Also where this is cancelled: what was asked for goes on, and a late answer makes a device usable.
        ended = time.monotonic()
        for device, connection, its in zip(devices, connections, own, strict=True):
            connection.opened = True
            settled = _leaves(device) if device in waiting else its  # a list of members may have added some
            for leaf in settled:
                if isinstance(leaf, WireSignal) and leaf._shape.optional:
                    leaf.settle_presence()
            answered = all_answered or all(channel.state != "new" for leaf in settled for channel in leaf.channels)
            connection.elapsed_s = max((connection.answered_at if answered else ended) - started, 0.0)
        done.set_result(None)


async def _connect_listed(devices: Sequence[Any], timeout_s: float | None, outcomes: Outcomes, anew: bool) -> None:
    """Read the structures of devices, and connect what they name as soon as they do."""
    started = time.monotonic()
    deadline = started + (CONNECT_TIMEOUT_S if timeout_s is None else timeout_s)
    by_reader: dict[StructureReader, list[Any]] = {}
    for device in devices:
        reader = device._context.shared.structures
        if reader is not None:
            by_reader.setdefault(reader, []).append(device)
    async with asyncio.TaskGroup() as group:

        def found(leaves: list[Any]) -> None:
            left_s = timeout_s
            if left_s is not None:
                left_s = max(left_s - (time.monotonic() - started), LEAST_S)
            tasks.begin(group, _connect_leaves(leaves, left_s, outcomes))

        for reader, own in by_reader.items():
            group.create_task(reader.read(own, deadline, found, anew=anew))
    for device in devices:
        for leaf in _leaves(device):
            if isinstance(leaf, Listed) and not leaf.channels:
                try:
                    leaf.open()
                except SignalError as error:
                    outcomes[leaf] = [error]


async def _connect_leaves(leaves: Sequence[Leaf], timeout_s: float | None, outcomes: Outcomes) -> None:
    batches: dict[Connector, tuple[list[Channel], list[Leaf]]] = {}
    channels: list[Channel] = []
    owners: list[Leaf] = []
    last: Connector | None = None
    with without_collecting():
        for leaf in leaves:
            try:
                connector = leaf.open()
            except SignalError as error:
                outcomes[leaf] = [error]
                continue
            if connector is not last:
                last = connector
                channels, owners = batches.setdefault(connector, ([], []))
            for channel in leaf.channels:
                channels.append(channel)
                owners.append(leaf)
    calls = [
        _connect_batch(connector, channels, owners, timeout_s, outcomes)
        for connector, (channels, owners) in batches.items()
    ]
    if len(calls) == 1:
        await calls[0]  # at once, and not in the next turn of the loop
    else:
        await asyncio.gather(*calls)


async def _connect_batch(
    connector: Connector,
    channels: Sequence[Channel],
    owners: Sequence[Leaf],
    timeout_s: float | None,
    outcomes: Outcomes,
) -> None:
    """Connect channels.

    :param owners: the leaf of each.
    """
    if timeout_s is None:
        timeout_s = max(map(_connect_timeout, owners))
    answers = await connector.connect(channels, time.monotonic() + timeout_s)
    if outcomes:
        for leaf in owners:
            outcomes.pop(leaf, None)
    for leaf, answer in zip(owners, answers, strict=True):
        if isinstance(answer, SignalError):
            outcomes.setdefault(leaf, []).append(answer.about(leaf.path, leaf._place))


def _connect_timeout(leaf: Leaf) -> float:
    return leaf._shape.timeouts.connect if isinstance(leaf, WireSignal) else CONNECT_TIMEOUT_S


def _leaves(device: Any) -> list[Leaf]:
    return [node for node in walk(device) if isinstance(node, LEAVES)]
