"""Comparing a settings file with the live values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...errors import Diagnostic
from .choice import Setting, same_kind
from .file import Entry, SettingsFile
from .snapshot import Live, snapshot
from .values import same, tolerance_of

State = Literal["same", "differs", "unreadable"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One setting of a file beside its live value.

    :param problem: in which way they disagree beside the value, or why there is no live value.
    :param error: what says that there is none.
    """

    setting: Setting
    entry: Entry
    live: Live | None
    state: State
    problem: str = ""
    error: Exception | None = None


def chosen_of(file: SettingsFile, settings: Sequence[Setting]) -> list[tuple[Setting, Entry]]:
    """Return the settings that a file holds, in the order of the beamline."""
    return [(setting, file.entries[setting.path]) for setting in settings if setting.path in file.entries]


async def compare_settings(chosen: Sequence[tuple[Setting, Entry]]) -> list[Comparison]:
    """Return each setting beside its live value, from one read of all."""
    live = await snapshot([setting for setting, _ in chosen])
    found: list[Comparison] = []
    for setting, entry in chosen:
        value = live[setting.path]
        if not isinstance(value, Live):
            found.append(Comparison(setting, entry, None, "unreadable", str(value), value))
        elif problem := disagreement(entry, value):
            found.append(Comparison(setting, entry, value, "differs", problem.summary))
        else:
            found.append(Comparison(setting, entry, value, "same" if is_same(entry, value) else "differs"))
    return found


def is_same(entry: Entry, live: Live) -> bool:
    """Return whether a signal has the value of the file, as far as its precision goes."""
    return same(entry.value, live.value, live.float_type, tolerance_of(live.precision))


def is_exactly(entry: Entry, live: Live) -> bool:
    """Return whether a signal has just the value of the file."""
    return same(entry.value, live.value, live.float_type)


def disagreement(entry: Entry, live: Live) -> Diagnostic | None:
    """Return in which way file and signal mean different things by a number, or None."""
    if not same_kind(entry.dtype, live.dtype):
        summary = f"`{entry.path}` has dtype {live.dtype}, the file {entry.dtype}"
        return Diagnostic("error", "E640", summary, entry.place("dtype"), "save it anew, or take the file of that time")
    if entry.units != live.units:
        here, there = (_unit(units) for units in (entry.units, live.units))
        summary = f"`{entry.path}` has {there}, the file {here}"
        help_text = "convert `value` and write the unit of the signal, or mend the unit on the server"
        return Diagnostic("error", "E640", summary, entry.place("units"), help_text)
    return None


def _unit(units: str | None) -> str:
    return f"the unit {units}" if units else "no unit"


def plain_comparison(one: Comparison) -> dict[str, Any]:
    """Return a comparison as plain data."""
    live = one.live
    return {
        "path": one.setting.path,
        "name": one.setting.signal.name,
        "state": one.state,
        "saved": one.entry.value,
        "live": None if live is None else live.value,
        "saved_units": one.entry.units,
        "live_units": None if live is None else live.units,
        "tolerance": 0.0 if live is None else tolerance_of(live.precision),
        "problem": one.problem,
        "file": one.entry.key.file,
        "line": one.entry.key.line,
        "column": one.entry.key.column,
    }
