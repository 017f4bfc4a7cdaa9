"""A program that counts the events of a flood, and says how much memory it has after a tenth of them and at the end.

    python -m tests.faults.count_events PROTOCOL PREFIX EVENTS

Some of the monitors want every update. What was superseded in our own queues counts; nobody says how many updates a
server or its client library has made into one.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import psutil

from ophyd_decl.connectors.registry import make_connector
from ophyd_decl.vocab.datatypes import Datatype
from ophyd_decl.vocab.readings import Reading

#: How many of the readbacks are monitored.
COUNT = 200
#: After how many events memory is looked at first, at least: until then allocators still grow.
WARM = 50_000


async def count_events(protocol: str, prefix: str, events: int) -> dict[str, Any]:
    """Monitor until that many events have come."""
    connector = make_connector(protocol)
    connector.bind(asyncio.get_running_loop())
    channels = [connector.channel(f"{prefix}rb{number}", Datatype("float")) for number in range(COUNT)]
    outcomes = await connector.connect(channels, time.monotonic() + 30)
    failures = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    if failures:
        raise failures[0]
    delivered = 0

    def take(update: Any) -> None:
        nonlocal delivered
        if isinstance(update, Reading):
            delivered += 1

    for number, channel in enumerate(channels):
        connector.monitor(channel, take, all_updates=number % 100 == 0)
    process = psutil.Process()

    def came() -> int:
        return delivered + sum(channel.dropped for channel in channels)

    started = time.monotonic()
    await _until(lambda: came() >= max(events // 10, min(WARM, events // 2)))
    gc.collect()
    a_tenth = process.memory_info().rss
    await _until(lambda: came() >= events)
    elapsed_s = time.monotonic() - started
    gc.collect()
    total = came()
    answer = {
        "events": total,
        "delivered": delivered,
        "dropped": total - delivered,
        "elapsed_s": elapsed_s,
        "rss_at_a_tenth": a_tenth,
        "rss_end": process.memory_info().rss,
    }
    await connector.close()
    return answer


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  # nothing else than time brings it about
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(count_events(sys.argv[1], sys.argv[2], int(sys.argv[3])))))
