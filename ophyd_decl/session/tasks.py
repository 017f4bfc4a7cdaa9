"""How a task of a group is begun by what may be called back when the group is already ending."""

import asyncio
from collections.abc import Coroutine
from typing import Any


def begin(group: asyncio.TaskGroup, coroutine: Coroutine[Any, Any, None]) -> bool:
    """Begin a task of a group, unless the group has been cancelled or has failed in this turn of the loop.

    :returns: whether it was begun.
    """
    try:
        group.create_task(coroutine)
    except RuntimeError:  # as a group says that it is ending
        coroutine.close()
        return False
    return True
