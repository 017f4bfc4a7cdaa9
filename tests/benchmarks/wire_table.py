"""From what was measured on the wire to a table: medians, ratios, and whether bounds hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OURS = "ophyd_decl"
DEVICES = "ophyd-async"
#: The client library alone, by protocol.
RAW = {"ca": "aioca", "pva": "p4p", "tango": "pytango"}
#: Those of EPICS.
PROTOCOLS = ("ca", "pva")
TITLES = {"ca": "Channel Access", "pva": "pvAccess", "tango": "Tango"}

#: What stands before and behind a table in a document.
Marks = tuple[str, str]
MARKS: Marks = ("<!-- begin of the table of tests.benchmarks.wire -->", "<!-- end of the table -->")
TANGO_MARKS: Marks = ("<!-- begin of the table of tests.benchmarks.tango -->", "<!-- end of the table -->")


@dataclass(frozen=True)
class Line:
    """One figure of one benchmark, for all peers.

    :param benchmark: name of the function in `programs/wire/measure.py`.
    :param figure: what it calls the figure; `process_wall_s`, `process_cpu_s`: of the whole process.
    :param scale: from that to the unit.
    :param over_raw: by protocol, the most that ours may be, over the client library; empty: no bound.
    :param bounded: whether ours may not be more than that of ophyd-async.
    :param most: the most that ours may be at all, in the unit.
    :param because: why there is no bound.
    """

    what: str
    benchmark: str
    figure: str
    unit: str = "ms"
    scale: float = 1e3
    over_raw: Mapping[str, float] | None = None
    bounded: bool = True
    most: float | None = None
    because: str = ""


def _both(
    what: str, benchmark: str, unit: str = "ms", over_raw: Mapping[str, float] | None = None, because: str = ""
) -> tuple[Line, ...]:
    scale, bounded = {"ms": 1e3, "µs": 1e6}[unit], not because
    return (
        Line(what, benchmark, "wall_s", unit, scale, over_raw, bounded, because=because),
        Line(f"{what}: CPU", benchmark, "cpu_s", unit, scale, None, bounded, because=because),
    )


LINES = (
    *_both("connect all", "connect", over_raw={"ca": 1.0}),
    Line("a process that connects all and ends", "connect", "process_wall_s"),
    Line("a process that connects all and ends: CPU", "connect", "process_cpu_s"),
    Line("one is absent: until the others can be read", "absent", "wall_s", most=1000.0),
    *_both("read all", "read_all", over_raw={"ca": 0.5}),
    *_both("read one", "read_one", "µs"),
    *_both("put one, until completion", "put_one", "µs"),
    *_both("put all in parallel", "put_all"),
    Line("monitors: age of a value when it is delivered, median", "monitor", "wall_s"),
    Line("monitors: age, 99 of 100", "monitor", "p99_s"),
    Line("monitors: CPU for each update sent", "monitor", "cpu_s", "µs", 1e6),
    Line("monitors: updates delivered", "monitor", "delivered", "%", 100.0, bounded=False),
    *_both("step scan of two signals, one point", "scan_fresh_signals"),
    *_both("step scan of two motors, one point", "scan_fresh_motors"),
    *_both("the same signals, ophyd-async from memory", "scan_signals", because="decision 0005"),
    Line("positions of another point in that", "scan_signals", "wrong", "‰"),
    *_both("the same motors, ophyd-async from memory", "scan_motors", because="decision 0005"),
    Line("positions of another point in that", "scan_motors", "wrong", "‰"),
)

TANGO_LINES = (
    *_both("connect all", "connect", over_raw={"tango": 2.0}),
    Line("a process that connects all and ends", "connect", "process_wall_s"),
    Line("a process that connects all and ends: CPU", "connect", "process_cpu_s"),
    *_both("read half of all", "read_all", over_raw={"tango": 1.2}),
    *_both("read one", "read_one", "µs"),
    *_both("put one, until the device has taken it", "put_one", "µs"),
    Line("events: age of a value when it is delivered, median", "monitor", "wall_s"),
    Line("events: age, 99 of 100", "monitor", "p99_s"),
    Line("events: CPU for each event sent", "monitor", "cpu_s", "µs", 1e6),
    Line("events: delivered", "monitor", "delivered", "%", 100.0, bounded=False),
    *_both("step scan of two attributes, one point", "scan_signals"),
)


@dataclass(frozen=True)
class Row:
    """One line of the table for one protocol; None where a peer has no such figure."""

    protocol: str
    what: str
    unit: str
    raw: float | None
    devices: float | None
    ours: float | None
    bound: str
    holds: bool | None

    @property
    def over_raw(self) -> float | None:
        """Return ours over the client library."""
        return _ratio(self.ours, self.raw)

    @property
    def over_devices(self) -> float | None:
        """Return ours over ophyd-async."""
        return _ratio(self.ours, self.devices)


#: Medians of what a peer said of itself, by protocol, benchmark and peer.
Measured = Mapping[tuple[str, str, str], Mapping[str, float]]


def rows_of(measured: Measured, protocols: Sequence[str] = PROTOCOLS, lines: Sequence[Line] = LINES) -> list[Row]:
    """Return the lines of the table of what was measured, those of each protocol together."""
    found = {benchmark for _, benchmark, _ in measured}
    return [_row(line, protocol, measured) for protocol in protocols for line in lines if line.benchmark in found]


def _row(line: Line, protocol: str, measured: Measured) -> Row:
    def figure(peer: str) -> float | None:
        found = measured.get((protocol, line.benchmark, peer), {}).get(line.figure)
        return None if found is None else found * line.scale

    raw, devices, ours = figure(RAW[protocol]), figure(DEVICES), figure(OURS)
    over_raw = (line.over_raw or {}).get(protocol)
    bounds: list[tuple[str, bool | None]] = []
    if over_raw is not None:
        bounds.append((f"≤ {over_raw:g} × {RAW[protocol]}", _holds(ours, raw, over_raw)))
    if line.bounded:
        bounds.append((f"≤ {DEVICES}", _holds(ours, devices, 1.0)))
    if line.most is not None:
        bounds.append((f"< {line.most:g} {line.unit}", None if ours is None else ours < line.most))
    known = [holds for _, holds in bounds if holds is not None]
    holds = all(known) if known else None
    bound = ", ".join(text for text, _ in bounds) or (f"none: {line.because}" if line.because else "")
    return Row(protocol, line.what, line.unit, raw, devices, ours, bound, holds)


def _holds(ours: float | None, other: float | None, times: float) -> bool | None:
    return None if ours is None or other is None else ours <= times * other


def _ratio(ours: float | None, other: float | None) -> float | None:
    return None if ours is None or not other else ours / other


_HEADS = ("", "unit", "library", "ophyd-async", "ours", "over library", "over ophyd-async", "bound", "holds")


def show(rows: Sequence[Row]) -> str:
    """Return a table in Markdown for each protocol."""
    by_protocol: dict[str, list[Row]] = {}
    for row in rows:
        by_protocol.setdefault(row.protocol, []).append(row)
    return "\n\n".join(
        f"**{TITLES[protocol]}**, library: {RAW[protocol]}\n\n{_table(some)}" for protocol, some in by_protocol.items()
    )


def _table(rows: Sequence[Row]) -> str:
    cells = [
        (
            row.what, row.unit, _number(row.raw), _number(row.devices), _number(row.ours), _times(row.over_raw),
            _times(row.over_devices), row.bound, {True: "yes", False: "**no**", None: ""}[row.holds],
        )
        for row in rows
    ]  # fmt: skip
    widths = [max(len(line[column]) for line in (_HEADS, *cells)) for column in range(len(_HEADS))]
    right = [False, False, *[True] * 5, False, False]

    def line(texts: Sequence[str]) -> str:
        padded = (
            text.rjust(width) if to_the_right else text.ljust(width)
            for text, width, to_the_right in zip(texts, widths, right, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    rule = ["-" * (width - 1) + (":" if number else "-") for width, number in zip(widths, right, strict=True)]
    return "\n".join((line(_HEADS), line(rule), *map(line, cells)))


def _number(value: float | None) -> str:
    """Return three digits that count."""
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def put_between(text: str, table: str, marks: Marks = MARKS) -> str:
    """Return a document with this table between the marks.

    :raises ValueError: if it has no marks.
    """
    before, begin, rest = text.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not (begin and end):
        raise ValueError("the document has no marks for the table")
    return f"{before}{begin}\n\n{table}\n\n{end}{after}"
