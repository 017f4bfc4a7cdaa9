"""What a client and its server hold, so that it can be compared: what grows with the cycles of a test is a leak."""

import asyncio
import gc
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.contract.labs import EpicsLab
from tests.plugins import processes
from tests.servers.ioc import Ioc


def served_channels(ioc: Ioc) -> dict[str, int]:
    """Return how many clients and channels an IOC has, as it says itself."""
    ca, pva = ioc.command("casr 1"), ioc.command("pvxsr 5")
    return {
        "clients of CA": len(re.findall(r"TCP client at", ca)),
        "channels of CA": sum(int(count) for count in re.findall(r"User '[^']+', .*, (\d+) Channels", ca)),
        "clients of PVA": len(re.findall(r"\bPeer\s*127", pva)),
        "channels of PVA": len(re.findall(rf"\b{ioc.prefix}\S+ TX=", pva)),
    }


@dataclass(frozen=True)
class Others:
    """What was open before a test: other client libraries of this process end it when they like."""

    threads: frozenset[int] = frozenset()
    descriptors: frozenset[tuple[int, str]] = frozenset()


_others = Others()


@contextmanager
def without_others() -> Iterator[None]:
    """Count nothing meanwhile of what is open now."""
    global _others
    _others = Others(frozenset(processes.threads()), frozenset(processes.descriptors()))
    try:
        yield
    finally:
        _others = Others()


def held(ioc: Ioc, connector: Any = None) -> dict[str, int]:
    """Count what may be left behind, here and at the server."""
    gc.collect()
    links: Any = {} if connector is None else vars(connector)["_links"]
    return {
        "threads": len(processes.threads().keys() - _others.threads),
        "descriptors": _descriptors(),
        "tasks": len(asyncio.all_tasks()),
        "links": len(links),
        **served_channels(ioc),
    }


def _descriptors() -> int:
    """Count the open files, pipes and sockets, but not UDP sockets where libca has some.

    It makes its own when it needs them, and its repeater one for each client on this host, of other processes too.
    """
    kept: set[str] = set()
    if "CAC-repeater" in processes.threads().values():
        kept = {target for target, socket in processes.sockets().items() if socket.kind == "udp"}
    return sum(one not in _others.descriptors and one[1] not in kept for one in processes.descriptors())


async def settled(ioc: Ioc, expected: dict[str, int], connector: Any = None, within_s: float = 15.0) -> dict[str, int]:
    """Return what is held, as soon as it is what is expected; what is ending gets a moment."""
    deadline = time.monotonic() + within_s
    while (now := held(ioc, connector)) != expected and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return now


async def steady(lab: EpicsLab, connector: Any = None) -> dict[str, int]:
    """Return what is held when nothing has changed for a moment."""
    before = held(lab.ioc, connector)
    for _ in range(100):
        await asyncio.sleep(0.2)
        now = held(lab.ioc, connector)
        if now == before:
            break
        before = now
    return before
