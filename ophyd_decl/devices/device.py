"""Devices and vectors: ordered members, and the documents that they give together."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from ..blueprint import Shape
from ..connectors.protocol import Update
from ..errors import Place, SignalError, join_read_errors
from ..vocab.names import is_identifier
from ..vocab.readings import Reading
from .context import Context
from .data_key import data_key
from .node import Node, walk
from .reading import describe_signals, read_signals, settle
from .scanned import Scanned
from .staging import Stage, stage, unstage
from .status import AsyncStatus
from .type_variables import Item_co, Key
from .verbs import SignalR

if TYPE_CHECKING:
    from bluesky.protocols import Hints
    from bluesky.protocols import Reading as ReadingDocument
    from event_model.documents.event_descriptor import DataKey

    from .parts import Part


class ReadPlan:
    """Which signals make up the documents of a device, in file order.

    :ivar read: signals of `read`; `fresh` holds those of them that are never served from a held value.
    :ivar config: signals of `read_configuration`.
    :ivar hinted: names of the fields that plots and tables show.
    """

    __slots__ = ("config", "fresh", "hinted", "read")

    def __init__(self) -> None:
        self.read: list[SignalR] = []
        self.fresh: list[SignalR] = []
        self.config: list[SignalR] = []
        self.hinted: list[str] = []

    @property
    def held(self) -> list[SignalR]:
        """Return the signals that are held while the device is staged."""
        fresh = set(self.fresh)
        return [signal for signal in present(self.read) if signal not in fresh]

    def add(self, node: Node, format: str) -> None:  # the language's word
        """Take one member into the plan."""
        if isinstance(node, Branch):
            if format == "child":
                node._add_to(self)
            return
        if not isinstance(node, SignalR) or format == "none":
            return
        signal = cast("SignalR", node)
        if format == "config":
            self.config.append(signal)
            return
        self.read.append(signal)
        if format in ("uncached", "hinted_uncached"):
            self.fresh.append(signal)
        if format in ("hinted", "hinted_uncached"):
            self.hinted.append(signal.name)


def present(signals: Sequence[SignalR]) -> list[SignalR]:
    """Return the signals without those that are optional and absent."""
    return [signal for signal in signals if not signal.left_out]


class Branch(Node):
    """A node with members in file order: what devices and vectors have in common."""

    #: what messages call one of its members.
    _kind: ClassVar[str] = "member"
    #: what PVI structures say about it.
    _part: "Part | None" = None
    _has_members = True

    def __init__(self, context: Context, parent: Node | None, key: str | int, name: str | None, place: Place) -> None:
        super().__init__(context, parent, key, name, place)
        self._members: dict[str | int, Node] = {}
        self._formats: dict[str | int, str] = {}

    def children(self) -> Iterator[tuple[str | int, Node]]:
        """Yield key and node of every direct member, in file order."""
        return iter(self._members.items())

    def __getitem__(self, key: str | int) -> Node:
        """Return the member with this key.

        :raises KeyError: if there is none; names those that there are.
        """
        try:
            return self._members[key]
        except KeyError:
            known = ", ".join(map(str, self._members))
            raise KeyError(f"{self.path} has no {self._kind} {key!r}; it has {known}{self._unfilled()}") from None

    def _unfilled(self) -> str:
        """Return why the server has added nothing, for messages; empty where it has, or is not to."""
        if not self._context.connection.fill or (self._context.opened and not self._context.mock):
            return ""
        return f"; `fill` adds what its server has {'in no mock mode' if self._context.mock else 'when it connects'}"

    def _put(self, key: str | int, node: Node) -> None:
        """Add a member that only the server declares: it is in no document."""
        self._members[key] = node
        self._formats[key] = "none"
        if isinstance(key, str) and is_identifier(key) and not key.startswith("_"):
            self.__dict__[key] = node

    def _drop(self, key: str | int) -> None:
        """Take such a member away."""
        del self._members[key], self._formats[key]
        self.__dict__.pop(str(key), None)

    def _add_to(self, plan: ReadPlan) -> None:
        """Take the members into a plan, in file order."""
        for key, node in self._members.items():
            plan.add(node, self._formats[key])


class Device(Branch):
    """A device: members in file order, as attributes and by item.

    Its class is made for the shape of its type; roles such as `Movable` are mixed in there, so only what can move has
    `set`.
    """

    #: name of the type in the files.
    _type_name: ClassVar[str] = ""

    def __init__(
        self,
        context: Context,
        parent: Node | None,
        key: str | int,
        name: str | None,
        shape: Shape,
        values: Mapping[str, Any],
        place: Place,
    ) -> None:
        super().__init__(context, parent, key, name, place)
        self._shape = shape
        self._values = values
        self._plan_cache: ReadPlan | None = None
        self._stages: list[Stage] = []
        self._scanned: Scanned | None = None
        self._labels: frozenset[str] = frozenset()

    @property
    def labels(self) -> frozenset[str]:
        """Return the labels that the file gives it."""
        return self._labels

    def __repr__(self) -> str:
        """Return path and type."""
        return f"{self.path} <{self._shape.type}>"

    @property
    def _plan(self) -> ReadPlan:
        plan = self._plan_cache
        if plan is None:
            plan = self._plan_cache = ReadPlan()
            self._add_to(plan)
        return plan

    @property
    def hints(self) -> "Hints":
        """Return `{"fields": [...]}`: what plots and tables show."""
        scanned = self._scanned
        return {"fields": [*self._plan.hinted, *(scanned.hinted if scanned is not None else ())]}

    @property
    def _told(self) -> list[SignalR]:
        """Return what its documents contain: what it reads, and what a plan moves below it."""
        read, scanned = self._plan.read, self._scanned
        added = scanned.told() if scanned is not None else None
        return present([*read, *added] if added else read)

    async def read(self) -> "dict[str, ReadingDocument[Any]]":
        """Return the readings of the device, all or nothing, in file order.

        :raises ReadError: of the class of the first failure; lists every failure.
        """
        signals = self._told
        return self._documents(signals, await read_signals(signals, self._plan.fresh))

    async def read_partial(self) -> "dict[str, ReadingDocument[Any] | SignalError]":
        """Return a reading or an error for each key of `read`."""
        signals = self._told
        outcomes = await read_signals(signals, self._plan.fresh)
        found: Any = {
            signal.name: outcome.document() if isinstance(outcome, Reading) else outcome
            for signal, outcome in zip(signals, outcomes, strict=True)
        }
        return found

    async def describe(self) -> "dict[str, DataKey]":
        """Return the data keys of `read`, in the same order.

        :raises ReadError: if a signal is not connected or refused.
        """
        return await self._data_keys(self._told)

    async def read_configuration(self) -> "dict[str, ReadingDocument[Any]]":
        """Return fresh readings of the configuration.

        :raises ReadError: as `read`.
        """
        config = present(self._plan.config)
        return self._documents(config, await read_signals(config, config))

    async def describe_configuration(self) -> "dict[str, DataKey]":
        """Return the data keys of `read_configuration`.

        :raises ReadError: if a signal is not connected or refused.
        """
        return await self._data_keys(self._plan.config)

    def stage(self) -> AsyncStatus[None]:
        """Hold what is read until `unstage`; done when the first fresh value of all is here."""
        return AsyncStatus(self._stage, self._context.binding, self.name)

    def unstage(self) -> AsyncStatus[None]:
        """Let go what `stage` holds."""
        return AsyncStatus(self._unstage, self._context.binding, self.name)

    async def _stage(self) -> None:
        if self._scanned is None:
            self._scanned = Scanned(self.path, self._plan.read)
        try:
            await stage(self._stages, self._plan.held)
        finally:
            self._forget_scanned()

    async def _unstage(self) -> None:
        with self._context.binding.operation():
            unstage(self._stages)
            self._forget_scanned()
            for node in walk(self):
                if isinstance(node, Device):
                    await node._rest()

    async def _rest(self) -> None:
        """End what a plan has left under way; roles know what that is."""

    def _end(self) -> None:
        """End every stage, when the beamline is closed; on the device loop."""
        while self._stages:
            unstage(self._stages)
        self._forget_scanned()

    def _forget_scanned(self) -> None:
        if not self._stages:
            self._scanned = None

    def _documents(self, signals: list[SignalR], outcomes: list[Update]) -> Any:
        failures = [
            outcome.about(signal.path, signal._place)
            for signal, outcome in zip(signals, outcomes, strict=True)
            if isinstance(outcome, SignalError)
        ]
        if failures:
            raise join_read_errors(failures, self.path)
        return {
            signal.name: outcome.document()
            for signal, outcome in zip(signals, outcomes, strict=True)
            if isinstance(outcome, Reading)
        }

    async def _data_keys(self, signals: list[SignalR]) -> "dict[str, DataKey]":
        with self._context.binding.operation():
            await self._context.ensure(self.path)
            await settle(signals)
            described = await describe_signals(present(signals))
            return {
                signal.name: data_key(signal.source, signal._shape, description)
                for signal, description in described.items()
            }


class Vector(Branch, Mapping[Key, Item_co]):
    """A keyed family of devices of one type; type checkers know its keys and items."""

    _kind = "item"

    def __init__(self, context: Context, parent: Node, key: str, name: str | None, place: Place) -> None:
        super().__init__(context, parent, key, name, place)

    if TYPE_CHECKING:

        def __getitem__(self, key: Key) -> Item_co:  # type: ignore[override]
            ...

    def __iter__(self) -> Iterator[Key]:
        """Iterate over the keys."""
        keys: Any = self._members
        return iter(keys)

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self._members)

    def __hash__(self) -> int:
        """Hash by identity, as every node."""
        return id(self)

    def __eq__(self, other: object) -> bool:
        """Compare by identity, as every node."""
        return self is other

    def __repr__(self) -> str:
        """Return path and keys."""
        return f"{self.path} [{', '.join(map(str, self._members))}]"
