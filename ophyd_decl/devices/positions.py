"""A derived signal of a table: the name of the position that its inputs are at, set by name."""

from collections.abc import Mapping, Sequence
from math import isclose
from typing import Any

from ..errors import BadValueError
from ..vocab.names import BETWEEN
from .derived import DerivedSignal, DerivedSignalRW
from .node import Node
from .numbers import number_in, plain
from .verbs import OnlyRead, SignalR

#: The difference of two floats may miss a decimal tolerance by a rounding.
_ROUNDING = 1e-9


class PositionsSignal(DerivedSignal):
    """A signal whose value is the name of a position; `SignalR` and its like add the verbs.

    Where several inputs are at different positions, or one is on its way, it is `between`.
    """

    __slots__ = ()

    @property
    def moved(self) -> Sequence[Node]:
        """Return what a set moves: every input."""
        return list(self.inputs.values())

    def _value_of(self, values: Mapping[str, Any]) -> str:
        tolerances = dict(self._derived.tolerances)
        for position in self._derived.positions:
            if all(_is_at(values[name], there, tolerances.get(name, 0.0)) for name, there in position.values):
                return position.name
        return BETWEEN

    def _check_write(self, value: Any) -> None:
        """Raise if this is no name of a position.

        :raises BadValueError: names those that there are.
        :raises ReadOnlyError: in read-only mode.
        """
        super()._check_write(value)
        self._named(value)

    async def compute_targets(self, value: Any) -> list[tuple[Node, Any]]:
        """Return what a set of this name would move, and to where.

        :raises BadValueError: if there is no such position.
        """
        there = self._named(value)
        return [(node, there[name]) for name, node in self.inputs.items()]

    def _named(self, value: Any) -> dict[str, Any]:
        """Return where the inputs are at a position."""
        name = plain(value)
        positions = {position.name: position.values for position in self._derived.positions}
        if isinstance(name, str) and name in positions:
            return dict(positions[name])
        raise BadValueError(
            f"{name!r} is no position; there are {', '.join(positions)}; nothing was moved",
            source=self.source,
            help=_suggestion(name, positions),
        ).about(self.path, self._place)

    async def _start(self, targets: Sequence[tuple[Any, Any]], timeout_s: float | None) -> None:
        if not self._derived.in_turn:
            await super()._start(targets, timeout_s)
            return
        for target in targets:
            await super()._start([target], timeout_s)


class PositionsSignalR(OnlyRead, SignalR, PositionsSignal):
    """A signal of a table that can be read."""

    __slots__ = ()


class PositionsSignalRW(DerivedSignalRW, PositionsSignal):
    """A signal of a table that can be read and set."""

    __slots__ = ()


def _is_at(value: Any, there: Any, tolerance: float) -> bool:
    found, wanted = number_in(value), number_in(there)
    if found is None or wanted is None or isinstance(there, bool):
        return bool(plain(value) == there)
    distance = abs(found - wanted)
    return distance <= tolerance or isclose(distance, tolerance, rel_tol=_ROUNDING)


def _suggestion(name: Any, known: Mapping[str, Any]) -> str | None:
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), 1, 0.5) if isinstance(name, str) else []
    return f"did you mean `{near[0]}`?" if near else None
