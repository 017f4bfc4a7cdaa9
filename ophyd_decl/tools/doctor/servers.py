"""Which servers answer for the signals of a beamline, and how fast.

They are searched where the environment says, and nowhere else.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ...connectors.protocol import Channel, Connector, ReadRequest
from ...devices.command import Command
from ...devices.node import walk
from ...devices.signal import WireSignal
from ...errors import ReadTimeoutError, SignalError
from ...session.beamline import Beamline
from ...vocab.readings import Reading

#: How often a server is asked for the time that it takes, of which the shortest counts, and how long that may take.
_ROUND_TRIPS, _PATIENCE_S = 3, 5.0


@dataclass(slots=True)
class ServerReport:
    """What one server gave, or what nobody did.

    :param host: `name:port`; empty where the protocol does not tell it.
    :param answered: whether this is a server, and not the sum of what none has.
    :param addresses: how many addresses.
    :param round_trip_s: the shortest of some reads of one value; None where nothing could be read.
    :param hangs: the address that was read and gave no answer in time; empty where that has not happened.
    """

    protocol: str
    host: str
    answered: bool
    addresses: int = 0
    round_trip_s: float | None = None
    hangs: str = ""
    examples: list[str] = field(default_factory=list[str])


async def find_servers(beamline: Beamline, timeout_s: float | None) -> list[ServerReport]:
    """Connect every device of a beamline, lazy ones too, and return who answered; what did not comes last.

    :param timeout_s: None: as the files say.
    """
    await beamline.aconnect(timeout_s, only="*")
    found: dict[tuple[bool, str, str], ServerReport] = {}
    asked: dict[int, tuple[Connector, Channel]] = {}
    for connector, channel in _channels(beamline):
        description = channel.description if channel.state == "connected" else None
        host = "" if description is None else description.host
        key = description is None, channel.source.partition("://")[0], host
        report = found.get(key)
        if report is None:
            report = found[key] = ServerReport(key[1], host, description is not None)
        report.addresses += 1
        if len(report.examples) < 3:
            report.examples.append(channel.source)
        if description is not None and description.readable and channel.failure is None:
            asked.setdefault(id(report), (connector, channel))
    for report in found.values():
        if id(report) in asked:
            connector, channel = asked[id(report)]
            outcome = await _round_trip(connector, channel)
            if isinstance(outcome, float):
                report.round_trip_s = outcome
            elif isinstance(outcome, ReadTimeoutError):
                report.hangs = channel.source
    return [found[key] for key in sorted(found)]


def _channels(beamline: Beamline) -> Iterator[tuple[Connector, Channel]]:
    """Give every address of a control system, with what reaches it."""
    seen: set[tuple[int, str]] = set()
    leaf: Any
    for device in beamline._nodes.values():
        if device._context.mock:
            continue
        for leaf in walk(device):
            if not isinstance(leaf, WireSignal | Command) or not leaf.channels or leaf.protocol == "soft":
                continue
            connector = leaf.open()
            for channel in leaf.channels:
                if (id(connector), channel.source) not in seen:
                    seen.add((id(connector), channel.source))
                    yield connector, channel


async def _round_trip(connector: Connector, channel: Channel) -> float | SignalError:
    """Return the shortest time of some reads, in s, or the error of one."""
    times: list[float] = []
    for _ in range(_ROUND_TRIPS):
        began = time.monotonic()
        (outcome,) = await connector.read([ReadRequest(channel, began + _PATIENCE_S)])
        if not isinstance(outcome, Reading):
            return outcome
        times.append(time.monotonic() - began)
    return min(times)
