"""The report of `connect`, as text and as JSON: a line for each device, and its problems grouped by cause."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..source.frames import shown_file, shown_place

if TYPE_CHECKING:
    from ..session.report import DeviceReport, Problem, Report, Updates

#: Of the signals that share a cause this many are named.
_NAMED = 3
_COLORS = {"connected": "32", "mocked": "32", "lazy": "36", "degraded": "33", "mismatch": "31", "absent": "31"}


def report_json(report: "Report") -> dict[str, Any]:
    """Return the answer of `connect --format json`; files are relative to the current folder."""
    answer = report.to_json()
    for device in answer["devices"]:
        device["file"] = shown_file(device["file"])
        for problem in device["problems"]:
            problem["file"] = shown_file(problem["file"])
    return answer


def report_text(report: "Report", *, color: bool = False) -> str:
    """Return the report for people; the last line sums it up."""
    widths = [
        max((len(cell) for cell in column), default=0) for column in zip(*map(_cells, report.devices), strict=True)
    ]
    lines: list[str] = []
    for device in report.devices:
        state, *cells = (cell.ljust(width) for cell, width in zip(_cells(device), widths, strict=True))
        if color:
            state = f"\x1b[{_COLORS[device.state]}m{state}\x1b[0m"
        place = shown_place(device.place) if device.problems else ""
        lines.append("  ".join([state, *cells, place]).rstrip())
        lines.extend(_updates(device.updates))
        for group in grouped(device.problems):
            lines.extend(_explained(group))
    lines.append(report.summary)
    return "\n".join(lines)


def grouped(problems: Iterable["Problem"]) -> list[list["Problem"]]:
    """Return problems that share everything but the signal, together, in order of their first."""
    groups: dict[tuple[str, ...], list[Problem]] = {}
    for problem in problems:
        key = (problem.severity, problem.code, problem.cause, repr(problem.expected), repr(problem.found), problem.help)
        groups.setdefault(key, []).append(problem)
    return list(groups.values())


def _cells(device: "DeviceReport") -> tuple[str, ...]:
    required = "" if device.required or device.state in ("connected", "mocked") else "optional"
    return device.state, device.name, device.type, f"{device.connected}/{device.signals}", required


def _updates(known: Iterable["Updates"]) -> list[str]:
    """Return a line for each way in which updates come, with the signals that come so."""
    ways: dict[tuple[str, str], list[str]] = {}
    for updates in known:
        ways.setdefault((updates.picked, updates.wanted), []).append(updates.signal)
    lines: list[str] = []
    for (picked, wanted), signals in ways.items():
        more = f" and {len(signals) - _NAMED} more" if len(signals) > _NAMED else ""
        lines.append(f"  updates: {picked} (events: {wanted}): {', '.join(signals[:_NAMED])}{more}")
    return lines


def _explained(group: list["Problem"]) -> list[str]:
    first = group[0]
    lines = [f"  {first.severity}[{first.code}]: {first.cause}{_sides(first)}"]
    for problem in group[:_NAMED]:
        host = f" on {problem.host}" if problem.host else ""
        declared = f", declared at {shown_place(problem.declared)}" if problem.declared else ""
        lines.append(f"    {problem.signal} ({problem.source}){host}  {shown_place(problem.place)}{declared}")
    if len(group) > _NAMED:
        lines.append(f"    and {len(group) - _NAMED} more")
    if first.help:
        lines.append(f"    = help: {first.help}")
    return lines


def _sides(problem: "Problem") -> str:
    if problem.expected is None and problem.found is None:
        return ""
    return f": the file says {problem.expected}, the server {problem.found}"
