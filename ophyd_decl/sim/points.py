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


class Position(Protocol):
    """Where an axis is, and where clients want it."""

    def get(self) -> float:
        """Return where it is, EGU."""
        ...

    def set(self, value: float) -> None:
        """Show where it is, EGU."""
        ...

    def wanted(self) -> float:
        """Return the target that was written last, also when the one before is still being followed, EGU."""
        ...

    def rest(self, position: float) -> None:
        """Show this as the target too: the axis was stopped there."""
        ...


class Points(Protocol):
    """All that one device shows.

    What runs at an update or a command begins before the client is answered, and is not begun again while it runs.
    """

    def position(self, value: float, *, units: str, limits: tuple[float, float], on_update: OnUpdate) -> Position:
        """Show the position of an axis; `on_update` follows a target until the axis is at rest."""
        ...

    def setting(
        self, name: str, value: float, *, units: str, limits: tuple[float, float], readback: bool = False
    ) -> Output[float]:
        """Show a float that clients can write.

        :param readback: where a protocol has one address for one value, show at another one what is in force.
        """
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
