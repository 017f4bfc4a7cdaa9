"""Conditions: formulas over the signals beside them, evaluated at every update, so that no short change is missed."""

import asyncio
import copy
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..connectors.protocol import Update
from ..errors import SignalError
from ..formula import Formula
from ..vocab.readings import Reading
from .held import Hold
from .reading import read_signals
from .signal import WireSignal
from .verbs import SignalR

#: What a condition on a target calls it.
TARGET = "value"


class Condition:
    """A formula over signals.

    :param signals: by their names in the formula.
    :param constants: the other names.
    """

    def __init__(self, formula: Formula, signals: Mapping[str, SignalR], constants: Mapping[str, Any]) -> None:
        self.formula = formula
        self.signals = signals
        self._constants = constants

    def depends_on(self, leaf: WireSignal) -> bool:
        """Return whether an update of this signal may change it."""
        return any(leaf in signal._leaves() for signal in self.signals.values())

    def holds(self, snapshot: Mapping[WireSignal, Update], target: Any = None) -> bool:
        """Return whether it is true for one snapshot of the leaves of its signals.

        :param target: of a set, for a condition on one.
        :raises SignalError: if one of them has no value.
        """
        variables = {TARGET: target, **self._constants}
        for name, signal in self.signals.items():
            outcome = signal._compute(snapshot)
            if isinstance(outcome, SignalError):
                raise outcome.about(signal.path, signal._place)
            variables[name] = outcome.value
        return bool(self.formula.evaluate(variables))

    def describe(self, snapshot: Mapping[WireSignal, Update]) -> str:
        """Return the formula and the values of its signals, for messages."""
        outcomes = {name: signal._compute(snapshot) for name, signal in self.signals.items()}
        values = [f"{n} = {o.value!r}" if isinstance(o, Reading) else f"{n} lost" for n, o in outcomes.items()]
        return f"`{self.formula.text}` with {', '.join(values)}"


class Observation:
    """The updates of some signals, in order, for as long as the block lasts; on the device loop.

    Entering waits for the first value of each; one that is held and can be trusted is taken.

    :param every: whether every update is wanted also of those of which no condition needs more than the newest.
    :param fresh: whether what is held is read afresh too.
    """

    def __init__(self, signals: Sequence[SignalR], *, every: bool = False, fresh: bool = False) -> None:
        self._every = every
        self._fresh = fresh
        self._leaves = list(dict.fromkeys(leaf for signal in signals for leaf in signal._leaves()))
        self._updates: deque[tuple[WireSignal, Update]] = deque()
        self._wake = asyncio.Event()
        self._follower: Callable[[WireSignal], None] | None = None
        #: what was known when it began to follow.
        self._followed_from: dict[WireSignal, Update] = {}
        self._holds: list[Hold] = []
        self._known: dict[WireSignal, Update] = {}
        #: what each leaf gave when all were read.
        self._answers: dict[WireSignal, Update] = {}
        #: leaves whose monitors have delivered nothing yet: what they begin with may have been read meanwhile.
        self._owed: set[WireSignal] = set()
        #: newest update of each leaf that was taken from the queue.
        self.snapshot: dict[WireSignal, Update] = {}

    async def __aenter__(self) -> "Observation":
        """Start the monitors and read all once, those afresh that are not held."""
        try:
            self._owed.update(self._leaves)
            for leaf in self._leaves:
                self._holds.append(leaf.hold(self._listener(leaf), every=self._every))
            await self._read(self._leaves if self._fresh else [])
        except BaseException:
            self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the monitors."""
        self._close()

    def follow(self, follower: Callable[[WireSignal], None]) -> None:
        """Tell of each reading from now on, when it is in the snapshot: of those that `refresh` passes over too.

        What is older than what is known now, and comes late, is of the time before.
        """
        self._follower = follower
        self._followed_from = dict(self.snapshot)

    def value_of(self, signal: SignalR) -> Any:
        """Return the newest value of a signal that is observed, also of a derived one.

        :raises SignalError: if there is none.
        """
        outcome = signal._compute(self.snapshot)
        if isinstance(outcome, SignalError):
            raise outcome.about(signal.path, signal._place)
        return outcome.value

    def know(self, leaf: WireSignal, answer: Reading) -> None:
        """Take what was just read afresh of one signal: the next refresh does not ask for it once more."""
        if leaf in self._leaves:
            self._known[leaf] = answer

    async def refresh(self) -> None:
        """Read all afresh; of what was delivered meanwhile, only what is younger than the answer counts.

        :raises SignalError: if one cannot be read.
        """
        await self._read(list(self._leaves))

    async def _read(self, fresh: list[Any]) -> None:
        answers, self._known = self._known, {}
        leaves: list[Any] = [leaf for leaf in self._leaves if leaf not in answers]
        outcomes = await read_signals(leaves, fresh)
        for leaf, outcome in zip(leaves, outcomes, strict=True):
            if isinstance(outcome, SignalError):
                raise outcome.about(leaf.path, leaf._place)
            answers[leaf] = outcome
        # The answer and a change behind it can be delivered in one turn of the loop, before this goes on.
        younger: list[tuple[WireSignal, Update]] = []
        for leaf, update in self._updates:
            if self._is_younger(leaf, update, answers[leaf]):
                younger.append((leaf, update))
            elif isinstance(update, Reading):
                self._take(leaf, update)
        self._updates.clear()
        self._updates.extend(younger)
        for leaf, answer in answers.items():
            self._take(leaf, answer)
        self._answers = answers

    def wake(self, _: object = None) -> None:
        """Make `next` return although nothing was delivered; a callback of statuses."""
        self._wake.set()

    @property
    def waiting(self) -> int:
        """Return how many updates were delivered and not taken yet."""
        return len(self._updates)

    async def next(self, timeout_s: float | None) -> WireSignal | None:
        """Take one update into the snapshot; wait for it if there is none.

        :returns: whose update it is; None after `wake` or when the time is over.
        :raises SignalError: if the connection of a signal broke.
        """
        if not self._updates and not self._wake.is_set():
            try:
                async with asyncio.timeout(timeout_s):
                    await self._wake.wait()
            except TimeoutError:
                return None
        if not self._updates:
            self._wake.clear()
            return None
        leaf, update = self._updates.popleft()
        if not self._updates:
            self._wake.clear()
        self._take(leaf, update)
        if isinstance(update, SignalError):
            raise copy.copy(update).about(leaf.path, leaf._place)
        return leaf

    def _take(self, leaf: WireSignal, update: Update) -> None:
        self.snapshot[leaf] = update
        if self._follower is not None and isinstance(update, Reading):
            self._follower(leaf)

    def _listener(self, leaf: WireSignal) -> Any:
        def take(update: Update) -> None:
            is_first = leaf in self._owed
            self._owed.discard(leaf)
            answer = self._answers.get(leaf)
            if isinstance(update, Reading) and isinstance(answer, Reading):
                if is_first and not self._is_younger(leaf, update, answer):
                    return
                if update.timestamp < answer.timestamp:
                    self._pass_over(leaf, update)
                    return
            self._updates.append((leaf, update))
            self._wake.set()

        return take

    def _pass_over(self, leaf: WireSignal, update: Reading) -> None:
        """Tell of an update that was under way when its signal was read afresh; it says nothing of now."""
        first = self._followed_from.get(leaf)
        if isinstance(first, Reading) and update.timestamp < first.timestamp:
            return
        newest = self.snapshot[leaf]
        self._take(leaf, update)
        self.snapshot[leaf] = newest

    @staticmethod
    def _is_younger(leaf: WireSignal, update: Update, answer: Update) -> bool:
        """Return whether an update came after an answer; an error did if nothing followed it."""
        if isinstance(update, Reading) and isinstance(answer, Reading):
            return update.timestamp > answer.timestamp
        return isinstance(leaf.newest, SignalError)

    def _close(self) -> None:
        for hold in self._holds:
            hold.close()
        self._holds.clear()
