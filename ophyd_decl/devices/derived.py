"""Derived signals: computed from others by formulas, read from one snapshot, set through their inputs."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Protocol, runtime_checkable

from ..blueprint import Derived, Reference, SignalShape
from ..connectors.protocol import Description, Update
from ..errors import BusyError, LimitError, MoveError, ReadError, SignalError
from ..formula import Formula, FormulaError
from ..vocab.datatypes import NativeType
from ..vocab.readings import INVALID, Reading
from .computed import apply_to_each, as_declared, compute, dtype_numpy_of, shown_in_text
from .context import Context
from .node import Node
from .numbers import beyond, outside_text
from .resolve import find, setpoint_of, value_signal_of
from .signal import WireSignal
from .status import AsyncStatus
from .told import read_told
from .verbs import OnlyRead, SignalNode, SignalR, SignalRW, Snapshot


@runtime_checkable
class Stoppable(Protocol):
    """What a set of it can be stopped of."""

    async def stop(self, success: bool = False) -> None:
        """Stop the motion."""
        ...


class DerivedSignal(SignalNode):
    """A signal whose value is a formula; `SignalR` and its like add the verbs.

    :param values: params of the device, which the formulas may use.
    """

    __slots__ = ("_busy", "_derived", "_formula", "_inputs", "_leaf_list", "_targets", "_values")

    def __init__(
        self,
        context: Context,
        parent: Node | None,
        key: str | int,
        name: str | None,
        shape: SignalShape,
        derived: Derived,
        values: Mapping[str, Any],
    ) -> None:
        super().__init__(context, parent, key, name, shape)
        self._derived = derived
        self._values = values
        self._busy = False
        self._formula: Formula | None = None
        self._inputs: dict[str, Node] | None = None
        self._leaf_list: list[WireSignal] | None = None
        self._targets: list[tuple[Node, Formula]] | None = None

    @property
    def source(self) -> str:
        """Return `derived://` and the name."""
        text = f"derived://{self.name}"
        return f"mock+{text}" if self._context.mock else text

    @property
    def inputs(self) -> Mapping[str, Node]:
        """Return the nodes that the formulas read, by their names there."""
        if self._inputs is None:
            self._inputs = {name: self._resolve(reference) for name, reference in self._derived.inputs}
        return self._inputs

    @property
    def moved(self) -> Sequence[Node]:
        """Return what a set moves."""
        return [node for node, _ in self.targets]

    @property
    def targets(self) -> Sequence[tuple[Node, Formula]]:
        """Return what a set moves, and to where."""
        if self._targets is None:
            self._targets = [
                (self._resolve(target), Formula(text, apply_to_each)) for target, text in self._derived.set
            ]
        return self._targets

    def _resolve(self, reference: Reference) -> Node:
        return find(self, reference, self._values)

    def _leaves(self) -> list[WireSignal]:
        if self._leaf_list is None:
            signals = [value_signal_of(node) for node in self.inputs.values()]
            self._leaf_list = list(dict.fromkeys(leaf for signal in signals for leaf in signal._leaves()))
        return self._leaf_list

    @property
    def left_out(self) -> bool:
        """Return whether one of its inputs is optional and absent."""
        return any(leaf.left_out for leaf in self._leaves())

    def _compute(self, snapshot: Snapshot) -> Update:
        return self._compute_from(
            {name: value_signal_of(node)._compute(snapshot) for name, node in self.inputs.items()}
        )

    def _compute_from(self, outcomes: Mapping[str, Update]) -> Update:
        """Return the reading that these outcomes of its inputs give."""
        readings: dict[str, Reading] = {}
        for name, outcome in outcomes.items():
            if not isinstance(outcome, Reading):
                return outcome
            readings[name] = outcome
        try:
            value = self._value_of({name: reading.value for name, reading in readings.items()})
        except (FormulaError, ValueError, OverflowError, TypeError) as error:
            shown = ", ".join(f"{name} = {shown_in_text(reading.value)}" for name, reading in readings.items())
            return ReadError(f"{error} with {shown}", source=self.source).about(self.path, self._place)
        worst = sorted((reading.alarm_severity for reading in readings.values()), key=_badness)
        return Reading(
            value,
            max((reading.timestamp for reading in readings.values()), default=0.0),
            worst[-1] if worst else 0,
        )

    def _value_of(self, values: Mapping[str, Any]) -> Any:
        """Return what the values of its inputs give.

        :raises FormulaError: if they give none.
        """
        if self._formula is None:
            self._formula = Formula(self._derived.get, apply_to_each)
        return as_declared(compute(self._formula, {**self._params(), **values}), self._shape.datatype)

    async def _describe(self) -> Description:
        datatype = self._shape.datatype
        return Description(
            NativeType("float"),
            dtype_numpy_of(datatype),
            shape=tuple(size or 0 for size in datatype.shape or ()),
            units=self._shape.units,
            precision=self._shape.precision,
            choices=datatype.labels or (),
        )

    def _check_write(self, value: Any) -> None:
        """Raise if this value would be refused before its targets are computed.

        :raises LimitError: outside the declared limits.
        :raises ReadOnlyError: in read-only mode.
        """
        self._context.refuse_in_read_only_mode(self)
        limits = self._shape.limits
        if limits is not None and (found := beyond(limits, value)) is not None:
            raise LimitError(
                f"{outside_text(*found, limits, self._shape.units)} of the file",
                source=self.source,
                place=self._place_of("limits"),
            ).about(self.path, self._place)

    async def compute_targets(self, value: Any) -> list[tuple[Node, Any]]:
        """Return what a set of this value would move, and to where, from one fresh snapshot.

        A movable input gives its setpoint, or where it stands if it rests elsewhere.

        :raises ReadError: if an input cannot be read.
        :raises MoveError: if a formula gives no value.
        """
        used = {name for _, formula in self.targets for name in formula.names}
        wanted = {name: node for name, node in self.inputs.items() if name in used}
        variables: dict[str, Any] = {**self._params(), "value": value}
        for (name, node), outcome in zip(wanted.items(), await read_told(list(wanted.values())), strict=True):
            if not isinstance(outcome, Reading):
                signal = setpoint_of(node)
                raise outcome.about(signal.path, signal._place)
            variables[name] = outcome.value
        targets: list[tuple[Node, Any]] = []
        paths = ", ".join(node.path for node in self.moved)
        try:
            if self._shape.datatype.shape is not None:
                variables["value"] = as_declared(value, self._shape.datatype)
            for node, formula in self.targets:
                paths = node.path
                targets.append((node, compute(formula, variables)))
        except FormulaError as error:
            raise MoveError(
                f"{value} gives no target for {paths}: {error}; nothing was moved", source=self.source
            ).about(self.path, self._place) from None
        return targets

    async def check_targets(self, value: Any) -> list[tuple[Node, Any]]:
        """Return what a set of this value would move, and to where, if nothing of that would be refused.

        :raises SignalError: what the first one refuses, with the value that needs it; as `compute_targets`.
        """
        targets = await self.compute_targets(value)
        for node, target in targets:
            try:
                await check_value(node, target)
            except SignalError as error:
                units = f" {self._shape.units}" if self._shape.units else ""
                error.problem += f", which {self.path} needs for {value}{units}"
                raise
        return targets

    async def _write(self, value: Any, timeout_s: float | None) -> None:
        with self._context.binding.operation():
            await self._context.ensure(self.path)
            self._check_write(value)
            if self._busy:
                raise BusyError("another set of it is under way; nothing was moved", source=self.source).about(
                    self.path, self._place
                )
            self._busy = True
            try:
                targets = await self.check_targets(value)
                moving = [node.path for node, _ in targets if getattr(node, "_busy", False)]
                if moving:
                    raise BusyError(
                        f"another set is moving {', '.join(moving)}; nothing was moved", source=self.source
                    ).about(self.path, self._place)
                await self._start(targets, timeout_s)
            finally:
                self._busy = False

    async def _start(self, targets: Sequence[tuple[Any, Any]], timeout_s: float | None) -> None:
        """Set the targets, all at once."""
        await _set_together(targets, timeout_s)

    async def stop_targets(self) -> None:
        """Stop everything that a set moves, whatever happens to one of them.

        :raises SignalError: the first failure.
        """
        stops = [node.stop(success=False) for node in self.moved if isinstance(node, Stoppable)]
        for outcome in await asyncio.gather(*stops, return_exceptions=True):
            if outcome is not None:
                raise outcome

    def _params(self) -> dict[str, Any]:
        return {name: self._values[name] for name in self._derived.params}


async def check_value(node: Any, value: Any) -> None:
    """Raise if a set of this node to this value would be refused, whether it is a signal or can be moved."""
    outcome = node.check_value(value)
    if asyncio.iscoroutine(outcome):
        await outcome


async def _set_together(targets: Sequence[tuple[Any, Any]], timeout_s: float | None) -> None:
    """Start all, and stop the others at the first failure or when cancelled."""
    statuses: list[AsyncStatus[Any]] = []
    async with AsyncExitStack() as stack:  # its end cancels what still moves, and waits until that is at rest
        for node, value in targets:
            statuses.append(await stack.enter_async_context(node.set(value, timeout=timeout_s)))
        tasks = [status.task for status in statuses if isinstance(status.task, asyncio.Task)]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            if task in done:
                task.result()


def _badness(severity: int) -> int:
    return 4 if severity == INVALID else severity


class DerivedSignalR(OnlyRead, SignalR, DerivedSignal):
    """A derived signal that can be read."""

    __slots__ = ()


class DerivedSignalRW(SignalRW, DerivedSignal):
    """A derived signal that can be read and set."""

    __slots__ = ()

    async def _get_setpoint(self) -> Any:
        """Return what its formula gives for the setpoints of its inputs, or where those stand that rest elsewhere."""
        outcomes = await read_told(list(self.inputs.values()))
        reading = self._compute_from(dict(zip(self.inputs, outcomes, strict=True)))
        if isinstance(reading, Reading):
            return reading.value
        raise reading.about(self.path, self._place)
