"""Values that a connector asks for itself, once, to find the reason of what became of a put."""

import time
from collections.abc import Sequence
from typing import Any

from ..vocab.datatypes import Datatype
from ..vocab.readings import Reading
from .protocol import Connector, ReadRequest

#: How long that may take, in s.
REASON_S = 0.5


async def ask(connector: Connector, names: Sequence[str], datatype: Datatype) -> list[Any]:
    """Return the values of these addresses, None where they are not there at once."""
    channels = [connector.channel(name, datatype) for name in names]
    try:
        deadline = time.monotonic() + REASON_S
        await connector.connect(channels, deadline)
        readings = await connector.read([ReadRequest(channel, deadline) for channel in channels])
    finally:
        for channel in channels:
            connector.release(channel)
    return [reading.value if isinstance(reading, Reading) else None for reading in readings]
