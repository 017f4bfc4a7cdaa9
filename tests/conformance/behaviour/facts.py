"""What scenarios are made with: their register, and facts that JSON can hold. It knows no library of devices."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any

#: By name, in the order of their files; each is an async function of a library, or a function of that and a RunEngine.
SCENARIOS: dict[str, Callable[..., Any]] = {}
#: Of errors, the first that it is: what a plan or a user catches.
CLASSES = (
    asyncio.CancelledError, TimeoutError, KeyError, NameError, TypeError, ValueError, RuntimeError, NotImplementedError,
)  # fmt: skip


def scenario(function: Callable[..., Any]) -> Callable[..., Any]:
    """Register a scenario by its name."""
    SCENARIOS[function.__name__] = function
    return function


def kind(error: BaseException | None) -> str | None:
    """Return the first class of those that are looked at which an error is; the name of its own else."""
    if error is None:
        return None
    return next((one.__name__ for one in CLASSES if isinstance(error, one)), type(error).__name__)


async def raised(work: Awaitable[Any] | Callable[[], Any]) -> str | None:
    """Return the kind of what is raised, None where nothing is."""
    try:
        done = work() if callable(work) else work
        if isinstance(done, Awaitable):
            await done
    except BaseException as error:  # noqa: BLE001  # it is the answer
        return kind(error)
    return None


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    if hasattr(value, "model_dump"):
        return plain(value.model_dump())
    if hasattr(value, "tolist"):
        return value.tolist()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


async def until(condition: Callable[[], Any]) -> None:
    """Turn the loop until something holds."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.001)


def values(readings: dict[str, Any]) -> dict[str, Any]:
    """Return the values of readings."""
    return {name: reading["value"] for name, reading in readings.items()}
