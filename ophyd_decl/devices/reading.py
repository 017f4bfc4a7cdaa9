"""Reading many signals at once: unique leaves, one call for each connector, derived values from the same snapshot."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..connectors.protocol import Connector, Description, ReadRequest, Update
from ..errors import DisconnectedError, SignalError
from ..vocab.readings import Reading
from .data_key import has_length, shape_of
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
    reads = [
        _read_batch(connector, batch, _companions(connector, batch) if not fresh.issuperset(batch) else [])
        for connector, batch in asked.items()
    ]
    answers = [await reads[0]] if len(reads) == 1 else await asyncio.gather(*reads)
    for batch, answer in zip(asked.values(), answers, strict=True):
        snapshot.update(zip(batch, answer, strict=True))
    return snapshot


async def read_leaf(leaf: "WireSignal", *, fresh: bool) -> Update:
    """Return the outcome of one leaf, as `read_leaves` does of many.

    :param fresh: whether it is read from the server even where a held value can be trusted.
    """
    held = None if fresh else leaf.held_reading()
    if held is not None:
        return held
    try:
        if not leaf._context.opened:
            await leaf.ensure()
        connector = leaf.open()
    except SignalError as error:
        return error
    leaves = (leaf,)
    return (await _read_batch(connector, leaves, [] if fresh else _companions(connector, leaves)))[0]


async def _read_batch(connector: Connector, leaves: Sequence["WireSignal"], companions: Sequence[Held]) -> list[Update]:
    now = time.monotonic()
    requests = [ReadRequest(leaf.read_channel, now + leaf._shape.timeouts.read) for leaf in leaves]
    if companions:
        requests += [ReadRequest(held.channel, requests[0].deadline) for held in companions]
    answers: list[Update] = list(await connector.read(requests))
    if companions:
        for held, answer in zip(companions, answers[len(leaves) :], strict=True):
            if isinstance(answer, Reading):  # else it is asked again, and fails, when it is read
                held.confirm(answer, now)
        del answers[len(leaves) :]
    heard = time.monotonic()
    hosts: set[tuple[int, str]] = set()
    for leaf, answer in zip(leaves, answers, strict=True):
        if isinstance(answer, Reading):
            held = leaf._held
            if held is None:
                shared, host = leaf._context.shared, leaf.host
                if not host or (id(shared), host) not in hosts:  # on one host, a connector has one server
                    hosts.add((id(shared), host))
                    shared.server_of(leaf.read_channel).heard_at = heard
            else:
                held.server.heard_at = heard
                held.confirm(answer, now)
        else:
            answer.about(leaf.path, leaf._place)
            if isinstance(answer, DisconnectedError) and answer.age_s is None:
                answer.age_s = leaf.age_of_last(time.time())
    return answers


def _companions(connector: Connector, leaves: Sequence["WireSignal"]) -> list[Held]:
    """Return the held values that are asked together with these leaves, as a put has overtaken them too.

    They are on the same servers and were read since they were asked so: in a scan the next reads are theirs, which then
    need no round trip of their own. What is read afresh by all means has no companions: the end of a move does not tell
    that others have ended.
    """
    asked = dict.fromkeys([held for leaf in leaves if (held := leaf._held) is not None and not held.ended])
    companions: list[Held] = []
    for puts in dict.fromkeys([held.server.puts for held in asked]):
        wanted, puts.wanted = puts.wanted, {}
        companions += [other for other in wanted if other not in asked and other.goes_with(connector)]
    for held in asked:
        held.server.puts.wanted[held] = None
    return companions


async def settle(signals: Iterable["SignalR"]) -> None:
    """Wait for servers that are asked anew what they serve, since nothing is known of that until they answer.

    A read waits for that, as long as a read may take, and ends at once where the connection is closed.
    """
    leaves = list(dict.fromkeys(leaf for signal in signals for leaf in signal._leaves()))
    begun = time.monotonic()
    while True:
        asked: dict[Connector, list[ReadRequest]] = {}
        for leaf in leaves:
            channel, deadline = leaf._read_channel, begun + leaf._shape.timeouts.read
            if channel is not None and channel.state == "describing" and time.monotonic() < deadline:
                asked.setdefault(leaf.open(), []).append(ReadRequest(channel, deadline))
        if not asked:
            return
        await asyncio.gather(*(connector.read(requests) for connector, requests in asked.items()))


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


async def describe_signals(signals: Sequence["SignalR"]) -> dict["SignalR", Description]:
    """Return what the server says of each signal, with the shape that its value has now.

    What has a length is read for that, in one batch, from its held value where that can be trusted.

    :raises ReadError: if a signal is not connected or refused.
    """
    found = {signal: await signal._describe() for signal in signals}
    sized = [signal for signal, description in found.items() if has_length(signal._shape, description)]
    for signal, outcome in zip(sized, await read_signals(sized), strict=True):
        if isinstance(outcome, Reading):  # else it keeps the shape that it had; a read says what is wrong
            found[signal] = replace(found[signal], shape=shape_of(outcome.value))
    return found


async def read_values(*signals: "SignalR") -> list[Any]:
    """Return fresh values of signals, in one batch.

    :raises ReadError: if there is none of one of them.
    """
    values: list[Any] = []
    for signal, outcome in zip(signals, await read_signals(signals, signals), strict=True):
        if isinstance(outcome, SignalError):
            raise outcome.about(signal.path, signal._place)
        values.append(outcome.value)
    return values


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
        leaves = signal._leaves()
        if len(leaves) == 1:  # as most are
            leaf = leaves[0]
            with signal._context.binding.operation():
                outcome = signal._compute({leaf: await read_leaf(leaf, fresh=cached is not None)})
        else:
            (outcome,) = await read_signals([signal], [] if cached is None else [signal])
    if isinstance(outcome, Reading):
        return outcome
    raise outcome.about(signal.path, signal._place)
