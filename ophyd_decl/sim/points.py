"""What a simulated device shows to its clients and takes from them, whatever the protocol.

Devices are made on these alone. `records` makes EPICS records of them, `attributes` a Tango device.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
OnUpdate = Callable[[Any], Awaitable[None]]


class Input(Protocol[T]):
    """A value that clients can only read."""

    def get(self) -> T:
        """Return what was set last."""
        ...

    def set(self, value: T) -> None:
        """Give clients a new value."""
        ...


class Output(Protocol[T_co]):
    """A value that clients can write."""

    def get(self) -> T_co:
        """Return what was written last."""
        ...


class Points(Protocol):
    """All that one device shows.

    What runs at an update or a command begins before the client is answered, and is not begun again while it runs.
    """

    def setting(self, name: str, value: float, *, units: str, limits: tuple[float, float]) -> Output[float]:
        """Show a float that clients can write, and what is in force: where it takes two addresses, at a second one."""
        ...

    def flag(self, name: str, value: bool, *, off: str, on: str) -> Input[bool]:
        """Show a value of two states, with labels where the protocol has some."""
        ...

    def count(self, name: str, *, channel: int) -> Input[int]:
        """Show a number of counts of a channel, 0 at first."""
        ...

    def choice(self, name: str, *labels: str, channel: int) -> Output[int]:
        """Show an enum of a channel that clients can write, the first label at first; its value here is the index."""
        ...

    def command(self, name: str, run: OnUpdate) -> None:
        """Show something that clients can have done; `run` gets what they send, if anything."""
        ...
