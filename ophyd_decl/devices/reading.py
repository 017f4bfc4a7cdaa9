"""Reading many signals at once: unique leaves, one call for each connector, derived values from the same snapshot."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..connectors.protocol import Connector, ReadRequest, Update
from ..errors import DisconnectedError, SignalError
from ..vocab.readings import Reading
from .context import server_of
from .held import Held

if TYPE_CHECKING:
    from .signal import WireSignal
    from .verbs import SignalR


async def read_leaves(leaves: Iterable["WireSignal"], fresh: frozenset["WireSignal"]) -> dict["WireSignal", Update]:
    """Return one outcome for each leaf.

    :param fresh: those that are read from the server even where a held value can be trusted.
    """
    snapshot: dict[WireSignal, Update] = {}
    asked: dict[Connector, list[WireSignal]] = {}
    for leaf in leaves:
        held = None if leaf in fresh else leaf.held_reading()
        if held is not None:
            snapshot[leaf] = held
            continue
        try:
            if not leaf._context.opened:
                await leaf.ensure()
            asked.setdefault(leaf.open(), []).append(leaf)
        except SignalError as error:
            snapshot[leaf] = error
    batches = list(asked.items())
    if len(batches) == 1:
        answers = [await _read_batch(*batches[0])]
    else:
        answers = await asyncio.gather(*[_read_batch(connector, batch) for connector, batch in batches])
    for (_, batch), answer in zip(batches, answers, strict=True):
        snapshot.update(zip(batch, answer, strict=True))
    return snapshot


async def _read_batch(connector: Connector, leaves: Sequence["WireSignal"]) -> list[Update]:
    now = time.monotonic()
    requests = [ReadRequest(leaf.read_channel, now + leaf._shape.timeouts.read) for leaf in leaves]
    companions = _companions(leaves)
    requests += [ReadRequest(held.channel, requests[0].deadline) for held in companions]
    answers: list[Update] = list(await connector.read(requests))
    for held, answer in zip(companions, answers[len(leaves) :], strict=True):
        if isinstance(answer, Reading):  # else it is asked again, and fails, when it is read
            held.confirm(answer, now)
    del answers[len(leaves) :]
    heard = time.monotonic()
    for leaf, answer in zip(leaves, answers, strict=True):
        if isinstance(answer, Reading):
            leaf._context.heard[server_of(leaf.read_channel)] = heard
            leaf.confirm(answer, now)
        else:
            answer.about(leaf.path, leaf._place)
            if isinstance(answer, DisconnectedError) and answer.age_s is None:
                answer.age_s = leaf.age_of_last(time.time())
    return answers


def _companions(leaves: Sequence["WireSignal"]) -> list[Held]:
    """Return the held values that are asked together with these leaves."""
    helds = dict.fromkeys(leaf._held for leaf in leaves if leaf._held is not None)
    companions = [other for held in helds for other in held.companions() if other not in helds]
    for held in helds:
        held.want()
    return companions


async def read_signals(signals: Sequence["SignalR"], fresh: Sequence["SignalR"] = ()) -> list[Update]:
    """Return one outcome for each signal, all from one snapshot.

    :param fresh: those whose held value is not wanted.
    """
    leaves = dict.fromkeys(leaf for signal in signals for leaf in signal._leaves())
    if not leaves:
        return []
    with signals[0]._context.binding.operation():
        snapshot = await read_leaves(leaves, frozenset(leaf for signal in fresh for leaf in signal._leaves()))
    return [signal._compute(snapshot) for signal in signals]


async def read_one(signal: "SignalR", cached: bool | None) -> Reading:
    """Return the reading of one signal; `cached` as in `SignalR.read`.

    :raises ReadError: if there is no value that can be trusted.
    """
    if cached:
        held = {leaf: leaf.held_reading() for leaf in signal._leaves()}
        missing = [leaf for leaf, reading in held.items() if reading is None]
        if missing:
            raise missing[0].not_held()
        outcome = signal._compute({leaf: reading for leaf, reading in held.items() if reading is not None})
    else:
        (outcome,) = await read_signals([signal], [] if cached is None else [signal])
    if isinstance(outcome, Reading):
        return outcome
    raise outcome.about(signal.path, signal._place)
