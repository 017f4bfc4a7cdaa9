"""What came of connecting: one outcome for each device, live, with the causes of what is wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from ..collecting import without_collecting
from ..connectors.protocol import Channel
from ..devices import fill
from ..devices.command import Command
from ..devices.contract import Difference
from ..devices.derived import DerivedSignal
from ..devices.node import walk
from ..devices.parts import Part, part_of
from ..devices.python_device import PythonDevice
from ..devices.signal import WireSignal
from ..devices.verbs import SignalNode
from ..errors import AbsentError, MismatchError, NoConnectorError, Place, ReportError, SignalError
from ..source.frames import counted
from .connecting import LEAVES, Leaf, Outcomes
from .hosting import state_of
from .search import where_searched

DeviceState = Literal["connected", "mismatch", "absent", "degraded", "lazy", "mocked"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one signal; both sides where there are two.

    :param error: what says so, with its causes; None: a comparison does.
    :param declared: where a library declares the signal; file, line and column are those of the device that uses it.
    """

    severity: Literal["error", "warning"]
    code: str
    cause: str
    signal: str
    source: str
    host: str
    expected: Any
    found: Any
    help: str
    file: str
    line: int
    column: int
    error: SignalError | None = field(default=None, compare=False, repr=False)
    declared: Place | None = None

    @property
    def place(self) -> Place:
        """Return file, line and column together."""
        return Place(self.file, self.line, self.column, self.line, self.column)

    def __str__(self) -> str:
        """Return signal, source, cause and both sides in one line."""
        sides = (
            "" if self.expected is None and self.found is None else f": expected {self.expected}, found {self.found}"
        )
        return f"{self.signal} ({self.source}): {self.cause}{sides}"


@dataclass(frozen=True, slots=True)
class Updates:
    """How the updates of one signal come, where a server offers several ways.

    :param wanted: `events` of the file.
    :param picked: `change`, `periodic`, `archive` or `data_ready` events, or `polled every 0.25 s` by ourselves.
    """

    signal: str
    source: str
    wanted: str
    picked: str


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """The connection of one device.

    :param signals: how many signals and commands it has.
    :param connected: how many of them can be used.
    :param updates: of the signals of which it is known.
    """

    name: str
    type: str
    file: str
    line: int
    column: int
    state: DeviceState
    required: bool
    signals: int
    connected: int
    elapsed_s: float
    problems: tuple[Problem, ...]
    updates: tuple[Updates, ...] = ()

    @property
    def place(self) -> Place:
        """Return file, line and column together."""
        return Place(self.file, self.line, self.column, self.line, self.column)

    @property
    def ok(self) -> bool:
        """Return whether a plan may rely on it, as far as the file requires it."""
        return self.state in ("connected", "lazy", "mocked") or not self.required


class Report:
    """The connection of a beamline, at the moment when it is asked.

    :param devices: one for each device, in file order.
    """

    def __init__(self, beamline: str, profile: str | None, elapsed_s: float, devices: Sequence[DeviceReport]) -> None:
        self.beamline = beamline
        self.profile = profile
        self.elapsed_s = elapsed_s
        self.devices = tuple(devices)

    @property
    def ok(self) -> bool:
        """Return whether every required device is usable."""
        return all(device.ok for device in self.devices)

    @property
    def signals(self) -> int:
        """Return the number of signals and commands."""
        return sum(device.signals for device in self.devices)

    @property
    def connected(self) -> int:
        """Return how many of them can be used."""
        return sum(device.connected for device in self.devices)

    @property
    def summary(self) -> str:
        """Return one line about the whole beamline."""
        head = f"{self.beamline}: {self.connected} of {counted(self.signals, 'signal')} connected"
        head += f" in {self.elapsed_s:.2f} s"
        bad = [device.name for device in self.devices if not device.ok]
        if bad:
            return f"{head}; {counted(len(bad), 'required device')} not usable: {', '.join(bad)}"
        warned = [device.name for device in self.devices if device.problems]
        return f"{head}; look at {', '.join(warned)}" if warned else f"{head}; all is well"

    def __repr__(self) -> str:
        """Return the summary, and what is wrong with each required device that is not usable."""
        return "\n".join([self.summary, *self._complaints()])

    def or_raise(self) -> "Report":
        """Return the report if every required device is usable.

        :raises ReportError: else; names each device with its causes.
        """
        bad = [device for device in self.devices if not device.ok]
        if not bad:
            return self
        head = f"{len(bad)} of {len(self.devices)} devices of {self.beamline} are not usable:"
        raise ReportError("\n".join([head, *self._complaints()]), self)

    def _complaints(self) -> list[str]:
        """Return what is wrong with each required device that is not usable; each way to mend it is said once."""
        lines: list[str] = []
        said: set[str] = set()
        for device in self.devices:
            if device.ok:
                continue
            lines.append(
                f"  {device.name}  {device.type}  {device.state}  {device.connected}/{device.signals} signals"
                f"  [{device.place}]"
            )
            shown = device.problems[:3]
            lines.extend(f"    {problem}" for problem in shown)
            if len(device.problems) > len(shown):
                lines.append(f"    and {len(device.problems) - len(shown)} more")
            helps = dict.fromkeys(problem.help for problem in shown if problem.help and problem.help not in said)
            lines.extend(f"    = help: {help}" for help in helps)
            said.update(helps)
        return lines

    def to_json(self) -> dict[str, Any]:
        """Return the report in the form of `connect --format json`."""
        return {
            "schema": 1,
            "beamline": self.beamline,
            "profile": self.profile,
            "ok": self.ok,
            "elapsed_s": round(self.elapsed_s, 3),
            "signals": self.signals,
            "connected": self.connected,
            "devices": [_device_json(device) for device in self.devices],
        }


#: What JSON tells of a problem.
_TOLD = tuple(name for name in Problem.__slots__ if name not in ("error", "declared"))


def _device_json(device: DeviceReport) -> dict[str, Any]:
    names = ("name", "type", "file", "line", "column", "state", "required", "signals", "connected")
    return {
        **{name: getattr(device, name) for name in names},
        "elapsed_s": round(device.elapsed_s, 3),
        "updates": [{name: getattr(updates, name) for name in Updates.__slots__} for updates in device.updates],
        "problems": [{name: getattr(problem, name) for name in _TOLD} for problem in device.problems],
    }


def report_of(devices: Iterable[Any], outcomes: Outcomes) -> list[DeviceReport]:
    """Return the state of each device now; parameters as `report_device`."""
    with without_collecting():
        return [report_device(device, outcomes) for device in devices]


def report_device(device: Any, outcomes: Outcomes) -> DeviceReport:
    """Return the state of one device now.

    :param outcomes: errors of the last connect; what has connected since is not in trouble any more.
    """
    connection, shared = device._context.connection, device._context.shared
    settings = shared.settings
    place = device._place
    if isinstance(device, PythonDevice):
        return _report_hosted(device)
    nodes = walk(device)
    plain = signals = 0
    updates: list[Updates] = []
    tally = _Tally()
    problems = tally.problems
    notes = [noted for noted in (settings, shared.updates) if noted]
    for node in nodes:
        if isinstance(node, WireSignal) and not notes and node.is_unremarkable:
            plain += 1
            continue
        if not isinstance(node, LEAVES):
            part = part_of(node)
            if part is not None and part.problem is not None:
                tally.count(node, [part.problem], part)
            continue
        leaf = cast("Leaf", node)
        signals += 1
        part, channels = part_of(leaf), leaf.channels
        if isinstance(leaf, WireSignal):
            if channels and (picked := channels[0].updates):
                updates.append(Updates(leaf.path, channels[0].source, leaf._shape.events, picked))
            if leaf.left_out:
                tally.usable += 1
                continue
        errors = _troubles(leaf, channels, part, outcomes)
        if part is None and not errors:
            tally.all += 1
            tally.usable += 1
        else:
            tally.count(leaf, errors, part)
        found = leaf.differences()
        if notes and not errors:
            found.extend(noted[node] for noted in notes if node in noted)
        for difference in found:
            problems.append(_problem_with(node, difference))
    if settings:
        derived = [node for node in nodes if isinstance(node, DerivedSignal) and node in settings]
        problems.extend(_problem_with(node, settings[node]) for node in derived)
    signals += plain
    tally.all += plain
    usable, absent, refused = tally.usable + plain, tally.absent, tally.refused
    state: DeviceState
    if connection.mock:
        state = "mocked"
        if connection.fill:
            problems.append(_problem_with(device, NOT_FILLED))
    elif not connection.opened and connection.policy == "lazy":
        state, problems, usable = "lazy", [], 0
    elif absent and absent == tally.all:
        state = "absent"
    elif absent:
        state = "degraded"
    elif refused or any(problem.severity == "error" for problem in problems):
        state = "mismatch"
    else:
        state = "connected"
    return DeviceReport(
        device.path, _type_of(device), place.file, place.line, place.column, state, connection.policy == "required",
        signals, usable, connection.elapsed_s, tuple(problems), tuple(updates),
    )  # fmt: skip


def _report_hosted(device: PythonDevice) -> DeviceReport:
    """Return the state of a device that a Python class made, or could not make."""
    now, place = state_of(device), device._place
    problems = tuple(
        Problem(
            "error", trouble.code, trouble.cause, trouble.path, trouble.source, "", None, None, trouble.help,
            place.file, place.line, place.column, trouble.error,
        )
        for trouble in now.troubles
    )  # fmt: skip
    return DeviceReport(
        device.path, device._shape.type, place.file, place.line, place.column, now.state,
        device._context.connection.policy == "required", now.signals, now.connected, now.elapsed_s, problems,
    )  # fmt: skip


def _type_of(device: Any) -> str:
    return "signal" if isinstance(device, WireSignal) else device._shape.type


class _Tally:
    """How much of a device can be used, and what is wrong with the rest.

    What only a server declares is no part of the contract: that it cannot be used is a warning.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.all = self.usable = self.refused = self.absent = 0
        self._unreachable: set[str] = set()

    def count(self, node: Any, errors: Sequence[SignalError], part: Part | None) -> None:
        """Take one node that has errors, or of which a list says something."""
        filled = part is not None and part.filled
        if not filled:
            self.all += 1
            if errors and all(isinstance(error, MismatchError) for error in errors):
                self.refused += 1
            elif errors:
                self.absent += 1
        if not errors:
            self.usable += isinstance(node, LEAVES)
        if part is not None and part.holder_failed:
            return  # it is said of what holds it
        for error in errors:
            if isinstance(error, NoConnectorError):  # the same of all signals is said once
                if error.problem in self._unreachable:
                    continue
                self._unreachable.add(error.problem)
            problem = _problem_of(node, error)
            self.problems.append(replace(problem, severity="warning") if filled else problem)


def _troubles(leaf: Leaf, channels: Sequence[Channel], part: Part | None, outcomes: Outcomes) -> list[SignalError]:
    """Return what is wrong with each address of a signal; nothing if it can be used."""
    if part is not None and part.problem is not None:
        return [part.problem]
    if not channels:
        return list(outcomes.get(leaf, ())) or [AbsentError("connect was not called", source=leaf.source)]
    found: list[SignalError] = []
    for channel in channels:
        state = channel.state
        if state == "connected":
            if channel.failure is not None:
                found.append(channel.failure)
            continue
        source = channel.source
        if state == "new":
            said = next((error for error in outcomes.get(leaf, ()) if error.source == source), None)
            found.append(said or AbsentError("nothing answers to this name", source=source))
        else:
            found.append(AbsentError(channel.trouble, source=source))
    return found


_CODES: tuple[tuple[type[SignalError], str], ...] = (
    (NoConnectorError, "E612"),
    (AbsentError, "E610"),
)


def _problem_of(node: Any, error: SignalError) -> Problem:
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "E611")
    if isinstance(error, MismatchError):
        code = error.code
    place = node._place
    source = error.source or getattr(node, "source", "")
    return Problem(
        "error", code, error.problem, node.path, source, _host(node, source), error.expected, error.found,
        error.help or _help(code, source), place.file, place.line, place.column, error,
        place.declared,
    )  # fmt: skip


def _source(node: Any) -> str:
    """Return the address of a node; of a device that fills itself, where its server says what it has."""
    return node.source if isinstance(node, WireSignal | Command | DerivedSignal) else fill.source_of_list(node)


def _host(node: Any, source: str) -> str:
    """Return the server that answers to one of the addresses of a node, empty where none does or tells it."""
    for channel in getattr(node, "channels", ()):
        if channel.source == source and channel.description is not None:
            return channel.description.host
    return ""


_HELP = {
    "E610": "is the server running, and the name right?",
    "E611": "try again, with a longer --timeout if the server is slow",
    "E612": "`ophyd-decl explain E612` says what there is; in mock mode the device works without",
    "E620": "mend the declaration, or the server",
}


def help_of_absent(source: str) -> str:
    """Return what to do where nothing answers to an address."""
    return _help("E610", source)


def _help(code: str, source: str) -> str:
    where = where_searched(source) if code == "E610" else ""
    return f"{_HELP[code]} {where}" if where else _HELP[code]


#: What mock mode cannot know of a device that fills itself.
NOT_FILLED = Difference(
    "warning", "E634", "mock mode asks no server, so nothing is added by `fill`; only what the file declares is there",
    None, None, "declare what plans use, or connect to the server",
)  # fmt: skip


def _problem_with(node: Any, difference: Difference) -> Problem:
    """Return the problem of a node that differs from the file, and is not refused for that."""
    place = node._place_of(difference.key) if isinstance(node, SignalNode) else node._place
    source = node.write_source if difference.side == "write" and isinstance(node, WireSignal) else _source(node)
    return Problem(
        difference.severity, difference.code, difference.cause, node.path, source, _host(node, source),
        difference.expected, difference.found, difference.help, place.file, place.line, place.column,
        declared=place.declared,
    )  # fmt: skip
