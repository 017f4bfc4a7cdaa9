"""From what was measured to one table: absolute figures, ratios of medians, and whether bounds hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from .processes import Figures

OURS = "load"
RIVALS = ("ophyd-async by hand", "guarneri", "happi")
KINDS = ("two keys", "six keys")

#: Longest CPU time in ms of `validate`, by number of devices.
VALIDATE_MS = {1: 150, 1000: 300, 5000: 1000}
LOAD_MS = {5000: 1500}
LOAD_MB = {5000: 250}
TIMES_COMPOSE = 4
#: Times that the cost of one device may grow from the smallest size to the largest.
GROWTH = 2


@dataclass(frozen=True)
class Measured:
    """The medians of one program with one size."""

    what: str
    devices: int
    figures: Figures


@dataclass(frozen=True)
class Row:
    """One line of the table; None where a column does not apply."""

    what: str
    devices: int | None = None
    cpu_ms: float | None = None
    wall_ms: float | None = None
    rss_mb: float | None = None
    us_per_device: float | None = None
    ratio: float | None = None
    bound: str | None = None
    holds: bool | None = None


class _Results:
    """Finds what was measured."""

    def __init__(self, measured: Sequence[Measured]) -> None:
        self._by = {(one.what, one.devices): one.figures for one in measured}

    def __contains__(self, key: tuple[str, int]) -> bool:
        return key in self._by

    def __getitem__(self, key: tuple[str, int]) -> Figures:
        return self._by[key]

    def sizes(self, what: str) -> list[int]:
        """Return the sizes of a program above one device."""
        return sorted(devices for name, devices in self._by if name == what and devices > 1)

    def per_device_s(self, what: str, devices: int) -> float | None:
        """Return what one device more costs."""
        if devices < 2 or (what, 1) not in self._by:
            return None
        return (self._by[what, devices].cpu_s - self._by[what, 1].cpu_s) / (devices - 1)


def rows_of(measured: Sequence[Measured]) -> list[Row]:
    """Return the lines of the table: each program with each size, then what is to be compared."""
    results = _Results(measured)
    rows = [_row(one, results) for one in sorted(measured, key=lambda one: (_place(one.what), one.devices))]
    for kind in KINDS:
        rows += _validate_ratios(kind, results)
    rows += _load_ratios(results)
    return rows


def _place(what: str) -> int:
    order = [
        "interpreter", "validate, an expression",
        *(f"{program}, {kind}" for kind in KINDS for program in ("validate", "C compose", "compile")),
        OURS, "look up", *RIVALS,
    ]  # fmt: skip
    return order.index(what)


def _row(one: Measured, results: _Results) -> Row:
    figures = one.figures
    per_device_s = results.per_device_s(one.what, one.devices)
    bound, holds = _bound(one)
    return Row(
        one.what,
        one.devices,
        figures.cpu_s * 1e3,
        figures.wall_s * 1e3,
        figures.rss_mb,
        None if per_device_s is None else per_device_s * 1e6,
        None,
        bound,
        holds,
    )


def _bound(one: Measured) -> tuple[str | None, bool | None]:
    cpu_ms, rss_mb = one.figures.cpu_s * 1e3, one.figures.rss_mb
    if one.what.startswith("validate") and one.devices in VALIDATE_MS:
        limit = VALIDATE_MS[one.devices]
        return f"CPU < {limit} ms", cpu_ms < limit
    if one.what == OURS and one.devices in LOAD_MS:
        most_ms, most_mb = LOAD_MS[one.devices], LOAD_MB[one.devices]
        return f"CPU < {most_ms} ms, RSS < {most_mb} MB", cpu_ms < most_ms and rss_mb < most_mb
    return None, None


def _validate_ratios(kind: str, results: _Results) -> list[Row]:
    ours, compose = f"validate, {kind}", f"C compose, {kind}"
    sizes = results.sizes(ours)
    if not sizes:
        return []
    most = sizes[-1]
    ratio = results[ours, most].cpu_s / results[compose, most].cpu_s
    rows = [_compared(f"validate over C compose, {kind}", most, ratio, TIMES_COMPOSE)]
    return rows + _growth(f"compile, {kind}", {f"compile, {kind}: cost per device": "compile_us"}, results)


def _load_ratios(results: _Results) -> list[Row]:
    said = {
        "load: cost per device": "load_us",
        "look up: cost per path": "lookup_us",
        "naming: cost per signal": "naming_us",
    }
    rows = _growth("look up", said, results)
    for what in RIVALS:
        for devices in results.sizes(what):
            theirs, own = results.per_device_s(what, devices), results.per_device_s(OURS, devices)
            if theirs is not None and own is not None:
                ratio = theirs / own if own > 0 and theirs > 0 else None  # lost in the noise
                rows.append(Row(f"{what}: cost per device over ours", devices, ratio=ratio))
    return rows


def _growth(program: str, said: Mapping[str, str], results: _Results) -> list[Row]:
    """Return how figures that a program said of itself grow from the smallest size to the largest."""
    sizes = results.sizes(program)
    if len(sizes) < 2:
        return []
    few, many = (results[program, devices].said for devices in (sizes[0], sizes[-1]))
    return [
        _compared(f"{what} over that at {sizes[0]}", sizes[-1], many[name] / few[name], GROWTH)
        for what, name in said.items()
    ]


def _compared(what: str, devices: int, ratio: float, limit: float) -> Row:
    return Row(what, devices, ratio=ratio, bound=f"ratio < {limit:g}", holds=ratio < limit)


_HEADS = ("", "devices", "CPU ms", "wall ms", "RSS MB", "µs per device", "ratio", "bound", "holds")
_FORMS: tuple[Callable[[Any], str], ...] = (
    str, str, "{:.0f}".format, "{:.0f}".format, "{:.0f}".format, "{:.0f}".format, "{:.2f}".format, str,
    lambda holds: "yes" if holds else "**no**",
)  # fmt: skip


def show(rows: Sequence[Row]) -> str:
    """Return the table in Markdown."""
    names = [field.name for field in fields(Row)]
    cells = [
        ["" if (value := getattr(row, name)) is None else form(value) for name, form in zip(names, _FORMS, strict=True)]
        for row in rows
    ]
    widths = [max(len(line[column]) for line in (_HEADS, *cells)) for column in range(len(_HEADS))]
    number = [False, *[True] * 6, False, False]

    def line(texts: Sequence[str]) -> str:
        padded = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(texts, widths, number, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    rule = ["-" * (width - 1) + (":" if right else "-") for width, right in zip(widths, number, strict=True)]
    return "\n".join((line(_HEADS), line(rule), *map(line, cells)))
