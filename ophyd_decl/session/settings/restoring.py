"""Putting settings back: in phases, only what differs, and never half-checked.

Everything that can be known is looked at before the first put. Then each put stands for itself: one that is refused
does not stop the others, and whoever drives this (a command, a plan) can stop between any two.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...devices.setpoints import misfit, setpoint_description
from ...devices.writing import outside_limits
from ...errors import Diagnostic, SignalError
from .choice import Setting
from .comparison import disagreement, is_exactly, is_same
from .file import Entry, wrong
from .snapshot import Live, snapshot

State = Literal["set", "unchanged", "refused", "timed out", "interrupted", "not reached"]
#: What was neither set nor right, and was not stopped before.
FAILED: tuple[State, ...] = ("refused", "timed out")
#: After an interrupt the put under way has this long to end, in s; the command has to end within 2 s.
_GRACE_S = 0.8
#: So long a server may take to tell limits that a put has changed, and so often they are looked at, in s.
_LIMITS_S, _LOOK_AGAIN_S = 1.0, 0.02


@dataclass(slots=True)
class Outcome:
    """What became of one setting.

    :ivar before: its live value; None where there was none.
    :ivar reason: why it was refused, or has timed out.
    """

    setting: Setting
    entry: Entry
    state: State = "not reached"
    before: Live | None = None
    reason: str = ""


class Restoration:
    """One restore.

    :param chosen: settings and what the file says of each.
    """

    def __init__(self, chosen: Sequence[tuple[Setting, Entry]]) -> None:
        self.outcomes = [Outcome(setting, entry) for setting, entry in chosen]
        self.phases = sorted({setting.phase for setting, _ in chosen})
        self._read: set[int] = set()

    def refuse_in_read_only_mode(self) -> None:
        """Raise before anything is sent.

        :raises ReadOnlyError: in read-only mode.
        """
        for one in self.outcomes[:1]:
            signal = one.setting.signal
            signal._context.refuse_in_read_only_mode(signal)

    async def check(self) -> None:
        """Compare the file with what is live, before the first put.

        Limits of a server are looked at in the first phase that puts something, since that may widen those of the
        next ones; they are looked at again by every put.

        :raises DefinitionError: if unit, dtype or limits do not agree; lists all, and nothing was put.
        :raises ReadOnlyError: in read-only mode.
        """
        self.refuse_in_read_only_mode()
        await self._look(self.outcomes)
        found: list[Diagnostic] = []
        differing: list[Outcome] = []
        for one in self.outcomes:
            if one.before is None:
                continue
            if problem := disagreement(one.entry, one.before):
                found.append(problem)
            elif not is_exactly(one.entry, one.before):
                differing.append(one)
        first = min((one.setting.phase for one in differing), default=0)
        self._read = {phase for phase in self.phases if phase <= first}
        found += [problem for one in differing if (problem := _unfit(one, first))]
        if found:
            raise wrong(sorted(found, key=lambda one: one.place))

    async def _look(self, outcomes: Sequence[Outcome]) -> None:
        """Read what is live now."""
        live = await snapshot([one.setting for one in outcomes])
        for one in outcomes:
            value = live[one.setting.path]
            if isinstance(value, Live):
                one.before, one.state, one.reason = value, "not reached", ""
            else:
                one.before, one.state, one.reason = None, _failed(value), str(value)

    async def begin(self, phase: int) -> list[Outcome]:
        """Return what has to be put in a phase; what an earlier phase has changed is seen."""
        members = [one for one in self.outcomes if one.setting.phase == phase]
        if phase not in self._read:
            await self._look(members)
        todo: list[Outcome] = []
        for one in members:
            if one.before is None:
                continue
            if problem := disagreement(one.entry, one.before):
                one.state, one.reason = "refused", f"{problem.summary}; nothing was sent"
            elif is_exactly(one.entry, one.before):
                one.state = "unchanged"
            elif (error := misfit(one.setting.signal, one.entry.value)) is not None:
                one.state, one.reason = "refused", str(error)
            else:
                todo.append(one)
        if phase not in self._read:
            await _new_limits(todo)
        return todo

    async def finish(self) -> None:
        """Read back all when something was set: what a server has taken otherwise, or another put has changed, is told.

        What was put may come back rounded to its precision. A signal with `wait: false` may still be on its way, and
        is not compared.
        """
        ended = [
            one
            for one in self.outcomes
            if one.state == "unchanged" or (one.state == "set" and one.setting.signal._shape.wait != "no")
        ]
        if not any(one.state == "set" for one in ended):
            return
        live = await snapshot([one.setting for one in ended])
        for one in ended:
            value = live[one.setting.path]
            state: State = "refused"
            if not isinstance(value, Live):
                state, problem = _failed(value), f"could not be read back: {value}"
            elif _holds(one, value):
                continue
            else:
                problem = f"is {value.value} now"
            began = "it was put, and" if one.state == "set" else "it was right, another put came, and it"
            one.state, one.reason = state, f"{began} {problem}; restore again, or give it a later phase"

    async def run(self) -> None:
        """Put all phases; a cancellation stops between two puts, and `outcomes` say how far it came."""
        for phase in self.phases:
            for one in await self.begin(phase):
                await _put(one)
        await self.finish()


def _holds(one: Outcome, live: Live) -> bool:
    """Return whether a signal has, after all puts, the value of the file."""
    if one.state == "set":
        return is_same(one.entry, live)
    return is_exactly(one.entry, live)


async def _new_limits(outcomes: Sequence[Outcome]) -> None:
    """Wait until servers have told the limits that an earlier phase has widened, as long as a value is outside them.

    They tell them by an update, which may come after the completion of the put that has changed them.
    """
    deadline = time.monotonic() + _LIMITS_S
    while any(_outside(one) for one in outcomes) and time.monotonic() < deadline:  # noqa: ASYNC110  # a channel tells nobody of its limits
        await asyncio.sleep(_LOOK_AGAIN_S)


def _outside(one: Outcome) -> bool:
    signal = one.setting.signal
    return outside_limits(signal._shape, setpoint_description(signal), one.entry.value) is not None


async def _put(one: Outcome) -> None:
    one.state, one.reason = "interrupted", "its put was under way, and may have been sent"
    task = asyncio.ensure_future(_set(one.setting.signal, one.entry.value))
    try:
        error = await asyncio.shield(task)
    except asyncio.CancelledError:
        try:
            await asyncio.wait({task}, timeout=_GRACE_S)
            if task.done():
                note(one, task.result())
        finally:
            task.cancel()
        await asyncio.wait({task})
        raise
    note(one, error)


async def _set(signal: Any, value: Any) -> SignalError | None:
    try:
        await signal._write(value, None)
    except SignalError as error:
        return error
    return None


def note(one: Outcome, error: BaseException | None) -> None:
    """Note how a put has ended."""
    one.state, one.reason = ("set", "") if error is None else (_failed(error), str(error))


def _failed(error: BaseException) -> State:
    """Return what an error makes of a setting: nobody has refused what was not answered in time."""
    return "timed out" if isinstance(error, TimeoutError) else "refused"


def _unfit(one: Outcome, first: int) -> Diagnostic | None:
    """Return why a value would be refused whatever the server says later, or None."""
    signal, value = one.setting.signal, one.entry.value
    error: SignalError | None = misfit(signal, value)
    if error is not None:
        if _cannot_be_put(value):
            return None
        summary = f"`{one.entry.path}`: {error.problem}"
        return Diagnostic("error", "E640", summary, one.entry.place("value"), f"write a {one.entry.dtype}")
    described = setpoint_description(signal) if one.setting.phase == first else None
    error = outside_limits(signal._shape, described, value)
    if error is None:
        return None
    summary = f"`{one.entry.path}`: {error.problem}"
    return Diagnostic("error", "E641", summary, one.entry.place("value"), "change the value, or the limits")


def _cannot_be_put(value: Any) -> bool:
    """Return whether a value can be read and never be written: NaN, and a label that an enum has twice or empty.

    It says what was there when it was saved, so it is no mistake of the file, and is refused by itself.
    """
    return (isinstance(value, float) and value != value) or (isinstance(value, str) and value[:1] == "#")
